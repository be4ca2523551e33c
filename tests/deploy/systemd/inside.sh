#!/usr/bin/env bash
# Runs inside the booted Debian, started by checks.service.
set -euo pipefail

unit=zendesk-aep.service
begin=$SECONDS

finish() {
    code=$?
    if [ "$code" -ne 0 ]; then
        echo "FAILED after: ${step:-nothing}"
        systemctl status --no-pager --lines=0 "$unit" simulators.service || true
        journalctl --no-pager --lines=40 --output=short --boot -u 'zendesk-aep*' -u simulators || true
    fi
    systemctl --no-block exit "$code"
}
trap finish EXIT

# Each step is named before it begins, and told when it is done.
step=
step() {
    [ -z "$step" ] || printf 'ok  %3d s  %s\n' $((SECONDS - begin)) "$step"
    step=$1
}
check() {
    "$@" || {
        echo "not so: $*"
        exit 1
    }
}
# Waits until a command succeeds.
eventually() {
    local deadline=$((SECONDS + 60))
    until "$@"; do
        if [ $SECONDS -ge $deadline ]; then
            echo "not in time: $*"
            exit 1
        fi
        sleep 0.2
    done
}
property() { systemctl show --property "$1" --value "${2:-$unit}"; }
not() { ! "$@"; }
# Whether the service has written a line.
said() { journalctl --quiet --no-pager --output=cat "${@:1:$#-1}" _SYSTEMD_UNIT="$unit" | grep --quiet -- "${*: -1}"; }
is_active_again() { [ "$(property NRestarts)" -ge "$1" ] && systemctl --quiet is-active "$unit"; }
status_says() { [[ $(property StatusText) == *"$1"* ]]; }

# Both services simulated, and the configuration that leads there.
simulate() { # name, users
    systemd-run --quiet --unit "$1" --property KillSignal=SIGINT \
        zendesk-aep sandbox --serve "/srv/$1" --users "$2" --changes-per-second 5
    eventually test -s "/srv/$1/config.toml"
}
# The configuration of those simulators, as a package's user writes it: the secrets are root's.
configure() { # name, configuration, credentials
    sed -e 's|{ file = "zendesk-secret" }|{ credential = "zendesk_client_secret" }|' \
        -e 's|{ file = "adobe-secret" }|{ credential = "adobe_client_secret" }|' \
        -e '/^\[state\]$/,/^$/{/^\[state\]$/d;/^directory/d}' \
        -e 's|^level = .*|level = "info"|' \
        -e 's|^\[retry\]$|&\nattempts = 3|' "/srv/$1/config.toml" >"$2"
    chown root:zendesk-aep "$2"
    chmod 0640 "$2"
    install -d -m 0700 "$3"
    install -m 0600 "/srv/$1/zendesk-secret" "$3/zendesk_client_secret"
    install -m 0600 "/srv/$1/adobe-secret" "$3/adobe_client_secret"
}

step "the package is installed; nothing runs yet"
dpkg --install /checks/zendesk-aep.deb >/dev/null
check id -u zendesk-aep >/dev/null
check test "$(stat -c '%U:%G %a' /etc/zendesk-aep/config.toml)" = "root:zendesk-aep 640"
check test "$(stat -c '%U:%G %a' /etc/zendesk-aep/credentials)" = "root:root 700"
check test -s /usr/share/man/man1/zendesk-aep.1.gz
check test -s /usr/share/man/man1/zendesk-aep-run.1.gz
check bash -n /usr/share/bash-completion/completions/zendesk-aep
check test -s /usr/share/zsh/vendor-completions/_zendesk-aep
check test -s /usr/share/fish/vendor_completions.d/zendesk-aep.fish
check test "$(systemctl is-enabled "$unit")" = disabled
check test "$(property ActiveState)" = inactive

step "an unedited configuration ends the start, says what is missing, and is not tried again"
systemctl start "$unit" 2>/dev/null && check false
check test "$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)" = "failed 2 0"
eventually said subdomain
systemctl reset-failed "$unit"

step "started with both services there: ready, and the status says how it goes"
simulate simulators 500
configure simulators /etc/zendesk-aep/config.toml /etc/zendesk-aep/credentials
# Its verdict counts what lies in the dead letters.
ln -s /var/lib/zendesk-aep /srv/simulators/state
# Shorter than in life.
mkdir -p "/etc/systemd/system/$unit.d"
printf '[Service]\nRestartSec=1s\nWatchdogSec=5s\n' >"/etc/systemd/system/$unit.d/test.conf"
systemctl daemon-reload
systemctl start "$unit"
eventually status_says "furthest behind"
echo "            status: $(property StatusText)"
check test "$(stat -c '%U %a' /var/lib/zendesk-aep)" = "zendesk-aep 700"

step "the journal knows which lines call for a person"
check said -p err subdomain
check said -p info "sync complete"
check not said -p warning "sync complete"

step "exposed no more than 1.5"
exposure=$(systemd-analyze security --no-pager "$unit" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
echo "            exposure: $exposure"
check awk "BEGIN { exit !($exposure > 0 && $exposure <= 1.5) }"

step "a reload takes the new configuration in the same process"
pid=$(property MainPID)
sed -i 's|^every = .*|every = "2s"|' /etc/zendesk-aep/config.toml
systemctl reload "$unit"
eventually said "configuration reloaded"
check test "$(property MainPID) $(property ActiveState)" = "$pid active"

step "a reload of a broken configuration changes nothing and says why"
echo 'nonsense = 1' >>/etc/zendesk-aep/config.toml
systemctl reload "$unit"
eventually said -p err nonsense
check test "$(property MainPID) $(property ActiveState)" = "$pid active"
sed -i '/^nonsense/d' /etc/zendesk-aep/config.toml

step "killed: started anew"
systemctl kill --signal KILL "$unit"
eventually is_active_again 1

step "frozen: the watchdog ends it, and it is started anew"
kill -STOP "$(property MainPID)"
eventually is_active_again 2
check test -n "$(journalctl --quiet --no-pager --output=cat UNIT="$unit" | grep 'Watchdog timeout')"

step "everything has arrived, nothing is lost, altered or out of order"
eventually status_says "furthest behind"
systemctl stop simulators.service
eventually test "$(property ActiveState simulators.service)" = inactive
verdict=$(journalctl --quiet --no-pager --output=cat _SYSTEMD_UNIT=simulators.service | tail -n 3)
check test "$(property Result simulators.service) $(property ExecMainStatus simulators.service)" = "success 0"
echo "$verdict" | sed 's/^/            /'

step "with both services down it stays up, and the status says so"
eventually status_says "failing"
echo "            status: $(property StatusText)"
systemctl restart "$unit"
check test "$(property ActiveState)" = active

step "stopped within its time"
stop=$SECONDS
systemctl stop "$unit"
check test $((SECONDS - stop)) -lt 45
check test "$(property Result) $(property ExecMainStatus)" = "success 0"

step "an instance for another account, with an encrypted secret"
simulate acme 50
configure acme /etc/zendesk-aep/acme.toml /etc/zendesk-aep/credentials/acme
systemd-creds encrypt --name=zendesk_client_secret /srv/acme/zendesk-secret \
    /etc/zendesk-aep/credentials/acme/zendesk_client_secret.cred 2>/dev/null
rm /etc/zendesk-aep/credentials/acme/zendesk_client_secret
mkdir -p /etc/systemd/system/zendesk-aep@acme.service.d
printf '[Service]\nLoadCredentialEncrypted=%s:%s\n' zendesk_client_secret \
    /etc/zendesk-aep/credentials/acme/zendesk_client_secret.cred \
    >/etc/systemd/system/zendesk-aep@acme.service.d/secret.conf
systemctl daemon-reload
unit=zendesk-aep@acme.service
systemctl start "$unit"
eventually status_says "furthest behind"
check test -s /var/lib/zendesk-aep/accounts/acme/state.json

step "an upgrade restarts what runs, and keeps configuration and state"
pid=$(property MainPID)
cp -p /etc/zendesk-aep/config.toml /checks/before.toml
dpkg --install /checks/zendesk-aep.deb >/dev/null
check test "$(property MainPID)" != "$pid"
check cmp /etc/zendesk-aep/config.toml /checks/before.toml
check test "$(stat -c '%U:%G %a' /etc/zendesk-aep/config.toml)" = "root:zendesk-aep 640"
eventually status_says "furthest behind"
check test "$(property ActiveState zendesk-aep.service)" = inactive

step "removed: stopped, configuration and state are left"
dpkg --remove zendesk-aep >/dev/null
check test "$(property ActiveState)" = inactive
check test -s /var/lib/zendesk-aep/accounts/acme/state.json
check test -s /etc/zendesk-aep/acme.toml
check test ! -e /usr/bin/zendesk-aep

step "purged: nothing is left"
dpkg --purge zendesk-aep >/dev/null
check test ! -e /var/lib/zendesk-aep
check test ! -e /etc/zendesk-aep

step "done"
