#!/bin/bash
# Installs, uses, upgrades and removes the package for Windows under Wine, in a prefix of its own.
# Usage: msi.sh FORMER.msi NEW.msi FOLDER
set -euo pipefail
export WINEPREFIX=$3/prefix WINEDEBUG=-all
unset DISPLAY WAYLAND_DISPLAY
wine=/usr/lib/wine/wine64
home="$WINEPREFIX/drive_c/users/$(id -un)/AppData/Local"
program=$home/Programs/Communicado/communicado.exe

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# The value of PATH in the user's environment; Wine ends with an error if there is none.
user_path() {
    $wine reg query 'HKCU\Environment' /v PATH || true
}

$wine wineboot -i
trap '$wine wineboot -k' EXIT
cp "$1" "$WINEPREFIX/drive_c/former.msi"
cp "$2" "$WINEPREFIX/drive_c/new.msi"

echo '# Install silently'
$wine msiexec /i 'C:\former.msi' /qn
"$wine" "$program" --version
user_path | grep -q 'Programs\\Communicado' || fail 'the folder is not in the PATH'

echo '# Upgrade while the program runs'
"$wine" "$program" watch > "$3/watch" &
watch=$!
until [ -s "$3/watch" ]; do
    kill -0 $watch || fail 'the program has ended'
done
$wine msiexec /i 'C:\new.msi' /qn
kill -0 $watch || fail 'the upgrade has ended the program'
kill $watch
"$wine" "$program" --version

echo '# Remove'
$wine msiexec /x 'C:\new.msi' /qn
[ ! -e "$home/Programs/Communicado" ] || fail 'files are left'
if user_path | grep -q Communicado; then fail 'the folder is still in the PATH'; fi
