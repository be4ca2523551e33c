#!/usr/bin/env bash
# Checks the alert rules, and evaluates them against the recorded scenarios of alerts.yaml.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! command -v promtool >/dev/null; then
    # Debian's package of Prometheus brings it; only root can install it.
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends prometheus; } >/dev/null 2>&1 || {
        echo "skipped: there is no promtool, and the package prometheus cannot be installed"
        exit 0
    }
fi

rules=$here/../../deploy/prometheus/alerts.yaml
promtool check rules "$rules"
promtool test rules "$here/alerts.yaml"

# A rule without a scenario that names it proves nothing.
while read -r name; do
    grep -q "$name" "$here/alerts.yaml" || {
        echo "no scenario for $name"
        exit 1
    }
done < <(sed -n 's/^ *- alert: //p' "$rules")
