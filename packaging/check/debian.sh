#!/bin/bash
# Runs as root in a clean Debian, whose systemd runs: installs, uses, upgrades and purges the
# packages. Each `docs-*.sh` has the commands of one part of docs/install.md.
set -euo pipefail
cd /srv/packages

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Every file of the system, but for the records of dpkg, apt and systemd, home folders' caches, and
# the private folders of services that run: `doctor` asks systemd about the clock.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /srv -o -path /var/log -o -path /var/lib/dpkg \
        -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/systemd -o -path /tmp \
        -o -path /run -o -path /dev -o -path '/var/tmp/systemd-private-*' \) -prune -o -print | sort
}

# A command of Ada's, in her session with its bus.
as_ada() {
    runuser --login ada --command "set -euo pipefail
        export XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus
        $1"
}

# sudo looks it up.
echo "127.0.1.1 $HOSTNAME" >> /etc/hosts
useradd --create-home --shell /bin/bash ada
echo 'ada ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ada
loginctl enable-linger ada
# The session's bus answers once the user's systemd runs.
systemctl start user@1000
mkdir -p /var/lib/private
# Other programs use these folders too, so nothing removes them.
as_ada "mkdir -p ~/.config/systemd/user ~/.local/state"
files > /tmp/before

echo '# The former version, with the gateway that runs and has data'
dpkg --install former/*.deb
dpkg --verify communicado communicado-gateway
systemctl is-active communicado-gateway && fail 'the package has started the gateway'
systemctl enable --now communicado-gateway
gateway() {
    communicado-gateway "$@" --data /var/lib/communicado-gateway
}
listening() {
    until [ -S /var/lib/communicado-gateway/control ]; do
        if [ "$(systemctl show --property NRestarts --value communicado-gateway)" != 0 ]; then
            systemctl status --no-pager --lines 20 communicado-gateway >&2 || true
            fail 'the gateway has not started'
        fi
    done
}
secret_of() { "$@" | sed -n 's/^secret //p'; }
listening
token=$(secret_of gateway tokens create --name kept --scope administer)
former=$(systemctl show --property MainPID --value communicado-gateway)

echo '# The documents: the new version over the former one'
as_ada "cd /srv/packages && . ./docs-debian.sh"
systemctl is-active communicado-gateway
[ "$(systemctl show --property MainPID --value communicado-gateway)" != "$former" ] ||
    fail 'the upgrade has not restarted the gateway'
listening
gateway tokens list | grep -w kept
curl --silent --show-error --fail --header "Authorization: Bearer $token" \
    http://127.0.0.1:8427/v1/people

echo '# Commands beside the stopped service, and the diagnosis'
answers() {
    curl --silent --show-error --fail --retry 20 --retry-all-errors --retry-delay 1 \
        http://127.0.0.1:8427/readyz
}
systemctl stop communicado-gateway
communicado-gateway people add grace
communicado-gateway people list | grep -w grace
communicado-gateway doctor | grep '^ok  store: .* has people: '
systemctl start communicado-gateway
answers
communicado-gateway people list | grep -w grace
systemctl reload communicado-gateway
answers
communicado-gateway doctor
communicado-gateway doctor |
    grep -x 'ok  program: /usr/bin/communicado-gateway, from the package for Debian'

dpkg --verify communicado communicado-gateway
test -s /usr/share/man/man1/communicado-watch.1.gz
bash -c 'source /usr/share/bash-completion/completions/communicado && complete -p communicado'
communicado --version | grep -q '^commit: [0-9a-f]' || fail 'the program does not know its commit'
as_ada 'communicado doctor || true' |
    grep -x 'ok  program: /usr/bin/communicado, from the package for Debian' ||
    fail 'the program does not know that dpkg has installed it'

echo '# The agent, as a user unit'
gateway people add ada --name 'Ada Lovelace'
publish=$(secret_of gateway tokens create --name ada --scope publish --person ada)
as_ada "mkdir -p ~/.config/communicado; umask 077; echo $publish > ~/.config/communicado/token
    communicado agent allow http://127.0.0.1:8427 --person ada --device laptop \
        --token-file ~/.config/communicado/token --yes
    communicado agent install
    systemctl --user is-enabled communicado-agent
    communicado agent status"
curl --silent --show-error --fail --retry 20 --retry-all-errors --retry-delay 1 \
    --header "Authorization: Bearer $token" http://127.0.0.1:8427/v1/people/ada | grep laptop

echo '# The documents: remove every trace'
as_ada ". /srv/packages/docs-remove-user.sh"
as_ada ". /srv/packages/docs-remove-debian.sh"
systemctl daemon-reload
files > /tmp/after
if ! diff /tmp/before /tmp/after; then
    fail 'the packages have left these files, or removed them'
fi

echo '# The gateway of the archive, as a service'
tar -xzf communicado-gateway-[0-9]*-linux.tar.gz --strip-components=1 -C /usr/local
/usr/local/bin/communicado-gateway install |
    grep -x 'found: /usr/local/lib/systemd/system/communicado-gateway.service'
answers
/usr/local/bin/communicado-gateway doctor
rm /usr/local/lib/systemd/system/communicado-gateway.service
/usr/local/bin/communicado-gateway install |
    grep -x 'written: /etc/systemd/system/communicado-gateway.service'
answers
/usr/local/bin/communicado-gateway uninstall
systemctl is-active communicado-gateway && fail 'the gateway runs after `uninstall`'
[ ! -e /etc/systemd/system/communicado-gateway.service ] || fail '`uninstall` has left the unit'
