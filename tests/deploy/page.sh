#!/usr/bin/env bash
# Opens the status page of a real daemon in Chromium, at two widths and in two schemes: screenshots
# for a person, and for the script what no person sees: axe's rules of accessibility, errors of the
# console, content wider than the screen, and whether the page says what /status.json says.
#
#   tests/deploy/page.sh [DIRECTORY]    keeps the screenshots there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shots=$(realpath --canonicalize-missing "${1:-$(mktemp -d)}")
mkdir -p "$shots"

if ! command -v chromium >/dev/null; then
    # Debian's own; only root can install it.
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 || {
        echo "skipped: there is no chromium, and it cannot be installed"
        exit 0
    }
fi
command -v npm >/dev/null || {
    echo "skipped: there is no npm, which brings the driver of the browser and axe"
    exit 0
}

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
# Used here and kept nowhere.
npm install --silent --no-fund --no-audit --prefix "$tools" puppeteer-core@24 axe-core@4 >/dev/null 2>&1 || {
    echo "skipped: puppeteer-core and axe-core cannot be had"
    exit 0
}
cp "$here/page/look.mjs" "$tools/"

cat >"$tools/look" <<LOOK
#!/usr/bin/env bash
exec node "$tools/look.mjs" "$(command -v chromium)" "$shots" "\$@"
LOOK
chmod +x "$tools/look"

cd "$here/../.."
STATUS_PAGE_LOOK=$tools/look cargo test --test it -- --exact --nocapture status_page::a_browser_has_nothing_to_complain_of
echo "screenshots: $shots"
