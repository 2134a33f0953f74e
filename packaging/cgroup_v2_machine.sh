#!/usr/bin/env bash
# The first process of the virtual machine of packaging/cgroup_v2_test.sh: makes the tree of control groups as systemd would, runs
# the tests in it, and switches the machine off. Each line "result: ..." and the last, "outcome: ...", are for the script that started it.
#
#   cgroup_v2_machine.sh BUILD
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
build=$1
exec </dev/null >/dev/ttyS0 2>&1
trap 'echo o >/proc/sysrq-trigger; while :; do :; done' EXIT # the first process must not end
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

mount -t proc none /proc
mount -t sysfs none /sys
mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts none /dev/pts
mount -t tmpfs none /dev/shm
mount -t tmpfs none /run
mount -t tmpfs none /var/tmp
ip link set lo up

for group in /sys/fs/cgroup /sys/fs/cgroup/system.slice; do
  mkdir -p "$group"
  echo '+cpu +memory +pids' >"$group/cgroup.subtree_control"
done
mkdir /sys/fs/cgroup/system.slice/tests.service
echo $$ >/sys/fs/cgroup/system.slice/tests.service/cgroup.procs

failed=0
# check NAME SECONDS COMMAND...: one result
check() {
  local name=$1 seconds=$2 start=$SECONDS word=passed
  shift 2
  echo "--- $name"
  env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 TMPDIR=/var/tmp WICK_BUILD="$build" timeout "$seconds" "$@" || { word=FAILED; failed=$((failed + 1)); }
  echo "result: $word $name ($((SECONDS - start)) s)"
}
# nodes SECONDS FILE [OPTION...]: the tests of one file
nodes() {
  local seconds=$1 file=$2
  shift 2
  check "$file" "$seconds" "$build/share/wick/runtimes/nodejs22.x/bin/node" --test --test-reporter=spec "$@" "$file"
}

# The emulated processor is ten to twenty times slower than a real one. So functions, and the neighbour's calls, get more time (the
# files are this machine's own copies, in memory), and tests are passed over whose limits it does not keep: a second call within the
# idle timeout of 300 ms, memory filled within two seconds, eight boots within half a second, a runtime that exits within the 100 ms that
# it has to do so by itself (and a storm of such calls), and most of the bombs.
sed -i 's/Timeout: 10\b/Timeout: 120/' tests/lib/lambda.mjs
sed -i 's/Timeout: 20\b/Timeout: 200/' tests/e2e/failures.test.mjs tests/security/resources.test.mjs
sed -i 's/slowestMs = 3000/slowestMs = 60000/; s/Timeout: 10\b/Timeout: 120/' tests/security/neighbour.mjs

check wick_warden_test 300 "$build/bin/wick_warden_test" --gtest_brief=1
check wick_sandbox_test 600 "$build/bin/wick_sandbox_test" --gtest_brief=1
nodes 400 tests/e2e/delegated.test.mjs
nodes 400 tests/e2e/templates.test.mjs --test-skip-pattern='cold starts are forks|ends alone'
nodes 240 tests/e2e/on_demand.test.mjs --test-skip-pattern='a warm instance|concurrent calls'
nodes 400 tests/e2e/failures.test.mjs --test-skip-pattern='^exit$|^exit-status$|^segfault$|^the neighbour'
nodes 500 tests/security/resources.test.mjs --test-name-pattern='^(forks|memory|shared_memory) in invocation|^afterwards'
if [ $failed = 0 ]; then echo 'outcome: all passed'; else echo "outcome: $failed failed"; fi
