#!/usr/bin/env bash
# Runs Wick on a kernel as Debian 12 has it by default: control groups of version 2 alone. Boots Debian's kernel in a virtual machine
# whose root is this machine's, read-only with a layer of memory above it, and runs there what packaging/cgroup_v2_machine.sh lists.
# The processor is emulated, so this needs no support for virtual machines and takes some 20 minutes. Run as root, by hand, on Debian 12.
# The outcome of the last run is in packaging/cgroup_v2.txt.
#
#   packaging/cgroup_v2_test.sh [BUILD [FOLDER]]    BUILD   a build folder with all targets built (default: build/release)
#                                                   FOLDER  keeps what is fetched, for the next time (default: a temporary one)
#
# qemu is installed from this machine's apt sources; the kernel and busybox are fetched from there, and not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "${1:-build/release}")
folder=${2:-$(mktemp -d /var/tmp/wick-v2-XXXXXX)}
[ $# -ge 2 ] || trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"
folder=$(realpath "$folder")

if ! command -v qemu-system-x86_64 >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-system-x86 >/dev/null
fi
if [ ! -d "$folder/fetched" ]; then
  apt-get update -qq
  kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p')
  (cd "$folder" && apt-get download -qq "$kernel" busybox-static)
  for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/fetched"; done
fi
release=$(basename "$folder"/fetched/lib/modules/*)

# The first root, in memory: what it takes to mount the real one.
first=$folder/first
rm -rf "$first"
mkdir -p "$first"/{bin,dev,proc,sys,lower,memory,root} "$first/lib/modules/$release/kernel"
cp "$folder/fetched/bin/busybox" "$first/bin/"
for module in fs/9p net/9p/9pnet.ko net/9p/9pnet_virtio.ko fs/netfs fs/fscache fs/overlayfs drivers/virtio drivers/net/tun.ko; do
  (cd "$folder/fetched/lib/modules/$release/kernel" && cp -r --parents "$module" "$first/lib/modules/$release/kernel/")
done
"$first/bin/busybox" depmod -b "$first" "$release"
cat >"$first/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t devtmpfs none /dev
for module in virtio_pci 9pnet_virtio 9p overlay tun; do modprobe \$module; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro host /lower
mount -t tmpfs -o size=75% none /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work none /root
umount /proc
mount --move /dev /root/dev
exec switch_root /root $PWD/packaging/cgroup_v2_machine.sh $build
INIT
chmod 755 "$first/init"
(cd "$first" && find . | bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$folder/first.cpio.gz"

start=$SECONDS
machine=(-accel 'tcg,thread=multi' -cpu 'max,la57=off' -smp 2 -m 4G -nographic -no-reboot -nic none
  -virtfs "local,path=/,mount_tag=host,security_model=passthrough,multidevs=remap,readonly=on"
  -kernel "$folder/fetched/boot/vmlinuz-$release" -initrd "$folder/first.cpio.gz"
  -append 'console=ttyS0 panic=-1 loglevel=1 mitigations=off')
timeout 2400 qemu-system-x86_64 "${machine[@]}" </dev/null 2>&1 | sed -u 's/\r$//' | tee "$folder/console.txt" || true
outcome=$(sed -n 's/^outcome: //p' "$folder/console.txt")
{
  printf '%s: commit %s on Linux %s (Debian 12), control groups of version 2, an emulated machine, %s s\n' \
    "$(date -u +%F)" "$(git rev-parse --short HEAD)" "$release" "$((SECONDS - start))"
  sed -n 's/^result: /  /p' "$folder/console.txt"
  echo "  ${outcome:-it did not come to its end}"
} | tee packaging/cgroup_v2.txt
[ "$outcome" = 'all passed' ]
