#!/usr/bin/env bash
# Proves packaging/packages.txt complete: makes a minimal Debian 12 root, clones this repository's HEAD into it, and runs there what a
# newcomer runs first, ./dev up, and then ./dev test, so nothing that this machine happens to have can help. Takes some 20 minutes; run as
# root, by hand, with port 4566 free. The outcome is written to packaging/bare_machine.txt.
#
#   packaging/bare_machine_test.sh [CCACHE]     CCACHE: an existing cache of ccache(1) to compile with, which makes it quicker
#
# Packages, and debootstrap if it is missing here, come from this machine's own apt sources; npm's configuration is passed on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v debootstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
fi
root=$(mktemp -d /var/tmp/wick-bare-XXXXXX)
chmod 755 "$root"
mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' | head -1)

# The root is a mount, as pivot_root(2) wants, and the only one to undo: all others are beneath it.
mount --bind "$root" "$root"
leave() { umount -l "$root" && rm -rf --one-file-system "$root"; }
trap leave EXIT

debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >/dev/null
rm -f "$root/etc/apt/sources.list"
cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d /etc/apt/auth.conf* "$root/etc/apt/" 2>/dev/null || true
rm -f "$root"/etc/apt/sources.list.d/nodesource*
cp -r /usr/share/keyrings/. "$root/usr/share/keyrings/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
[ -f "$HOME/.npmrc" ] && cp "$HOME/.npmrc" "$root/root/.npmrc"
git clone -q --no-hardlinks . "$root/root/wick"
for place in proc sys dev; do mount --rbind "/$place" "$root/$place" && mount --make-rslave "$root/$place"; done
if [ -n "${1:-}" ]; then mkdir -p "$root/root/.cache/ccache" && mount --bind "$1" "$root/root/.cache/ccache"; fi

# With a root of its own rather than chroot(1), in which the kernel refuses user namespaces.
inside() {
  unshare --mount bash -c 'cd "$0" && mkdir -p .host && pivot_root . .host && umount -l /.host && exec "$@"' "$root" \
    /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}
start=$SECONDS
inside /root/wick/dev up
inside /root/wick/build/release/bin/wick invoke hello-python -d '{"name": "bare machine"}'
inside /root/wick/dev down
inside /root/wick/dev test
printf '%s: a minimal Debian %s ran ./dev up and passed ./dev test, in %s s%s\n' "$(date -u +%F)" "$(cat "$root/etc/debian_version")" \
  "$((SECONDS - start))" "${1:+, with an existing ccache}" | tee packaging/bare_machine.txt
