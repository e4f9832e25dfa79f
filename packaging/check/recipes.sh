#!/bin/bash
# Checks the recipes for other package managers with the tools of these, without a network.
# Usage: recipes.sh PACKAGES RECIPES SCRATCH
set -euo pipefail
packages=$1 recipes=$2 scratch=$3
archive=$(basename "$packages"/communicado-[0-9]*-linux.tar.gz)

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Reads the names of files: the package must have the program and a unit that starts it.
has_program() {
    grep -x "$1" > /dev/null || fail "$2 has no /usr/bin/communicado"
}
starts_program() {
    grep -x 'ExecStart=/usr/bin/communicado agent' "$1" || fail "$1 starts another program"
}
unit=usr/lib/systemd/user/communicado-agent.service

echo '# Homebrew'
ruby -c "$recipes/homebrew/communicado.rb"

echo '# Nix'
nix-instantiate --option build-users-group '' --parse "$recipes/nix/flake.nix" > /dev/null

echo '# winget'
ruby packaging/check/winget.rb "$packages" "$recipes/winget"

echo '# Fedora'
spec=$recipes/fedora/communicado.spec
rpmlint "$spec"
top=$scratch/rpmbuild
rpmbuild --quiet -bb --define "_topdir $top" --define "_sourcedir $packages" "$spec"
rpm=$(find "$top/RPMS" -name '*.rpm')
rpm --query --list --package "$rpm" | has_program /usr/bin/communicado "$rpm"
bsdtar -xf "$rpm" -C "$scratch" "./$unit"
starts_program "$scratch/$unit"

echo '# Arch'
# makepkg refuses root.
cp "$recipes/arch/PKGBUILD" "$packages/$archive" "$scratch"
user=()
if [ "$(id -u)" = 0 ]; then
    user=(setpriv --reuid nobody --regid nogroup --clear-groups)
    chown -R nobody:nogroup "$scratch"
fi
(cd "$scratch" && HOME=$scratch "${user[@]}" makepkg --nodeps --noconfirm)
built=$(find "$scratch" -maxdepth 1 -name 'communicado-bin-*.pkg.tar*')
bsdtar -tf "$built" | has_program usr/bin/communicado "$built"
rm "$scratch/$unit"
bsdtar -xf "$built" -C "$scratch" "$unit"
starts_program "$scratch/$unit"
