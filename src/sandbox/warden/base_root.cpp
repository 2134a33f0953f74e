#include "sandbox/warden/base_root.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "sandbox/warden/mounts.h"
#include "sandbox/warden/runtime_root.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::uint64_t kRootBytes = 4 * 1024 * 1024;
constexpr std::uint64_t kRootInodes = 1024;
constexpr off_t kCopiedFileMax = 1024 * 1024;

// The user that code runs as, by the name and number it has on AWS.
constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n";
constexpr const char* kGroup = "root:x:0:\nsbx_user1051:x:990:\nnogroup:x:65534:\n";
constexpr const char* kHosts = "127.0.0.1 localhost sandbox\n::1 localhost\n";
constexpr const char* kOutsideResolver = "nameserver 10.0.2.3\n";  // slirp4netns's
constexpr const char* kNsswitch = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n";

// Fills a root that is attached nowhere yet. Trees of the host are copied while the host's paths still mean the host, and come to
// their places in place().
class Builder {
 public:
  explicit Builder(int root) : root_(root) {}

  Result<> folder(const std::string& path) {
    if (mkdirat(root_, path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make folder", path);
    return {};
  }
  Result<> link(const std::string& target, const std::string& path) {
    if (symlinkat(target.c_str(), root_, path.c_str()) != 0) return fail_errno("make link", path);
    return {};
  }
  Result<> file(const std::string& path, std::string_view text) {
    const UniqueFd out(openat(root_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!out) return fail_errno("make file", path);
    if (write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno("write", path);
    return {};
  }
  Result<> tree(const std::string& host_path, const std::string& path) { return tree(AT_FDCWD, host_path, path); }
  Result<> tree(int host_folder, const std::string& host_path, const std::string& path) {
    WICK_CHECK(folder(path));
    WICK_TRY(UniqueFd mount, copy_tree(host_folder, host_path));
    mounts_.emplace_back(std::move(mount), path);
    return {};
  }
  Result<> device(const std::string& name) {
    WICK_CHECK(file("dev/" + name, ""));
    WICK_TRY(UniqueFd mount, copy_device("/dev/" + name));
    mounts_.emplace_back(std::move(mount), "dev/" + name);
    return {};
  }
  // Writable: user namespace maps and OOM scores are set here. The kernel also asks for a whole /proc in the mount namespace
  // before it lets a user namespace mount another.
  Result<> host_proc(const std::string& path) {
    WICK_CHECK(folder(path));
    UniqueFd mount(open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
    if (!mount) return fail_errno("copy mount", "/proc");
    mounts_.emplace_back(std::move(mount), path);
    return {};
  }
  // What the host has there: a link, a folder or nothing.
  Result<> same_as_host(const std::string& name) {
    struct stat status{};
    const std::string host_path = "/" + name;
    if (lstat(host_path.c_str(), &status) != 0) return {};
    if (!S_ISLNK(status.st_mode)) return tree(host_path, name);
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlink(host_path.c_str(), target.data(), target.size());
    if (size < 0) return fail_errno("read link", host_path);
    target.resize(static_cast<std::size_t>(size));
    return link(target, name);
  }
  // A small public file of the host, if it is there.
  Result<> copy(const std::string& path) {
    const UniqueFd in(open(("/" + path).c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!in || fstat(in.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kCopiedFileMax) return {};
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t size = read(in.get(), text.data(), text.size());
    if (size < 0) return fail_errno("read", path);
    return file(path, std::string_view(text).substr(0, static_cast<std::size_t>(size)));
  }

  // Once the root itself is attached.
  Result<> place() {
    for (const auto& [mount, path] : mounts_) WICK_CHECK(attach(mount, root_, path));
    return {};
  }

 private:
  int root_;
  std::vector<std::pair<UniqueFd, std::string>> mounts_;
};

Result<> fill_etc(Builder& root) {
  WICK_CHECK(root.folder("etc"));
  WICK_CHECK(root.file("etc/passwd", kPasswd));
  WICK_CHECK(root.file("etc/group", kGroup));
  WICK_CHECK(root.file("etc/hosts", kHosts));
  WICK_CHECK(root.file("etc/nsswitch.conf", kNsswitch));
  WICK_CHECK(root.file("etc/resolv.conf", ""));
  WICK_CHECK(root.file("etc/resolv.outside.conf", kOutsideResolver));
  for (const char* path : {"etc/ld.so.cache", "etc/services", "etc/protocols", "etc/mime.types"}) WICK_CHECK(root.copy(path));
  WICK_CHECK(root.folder("etc/ssl"));
  WICK_CHECK(root.copy("etc/ssl/openssl.cnf"));
  for (const std::string path : {"etc/ssl/certs", "etc/alternatives"}) {
    if (access(("/" + path).c_str(), F_OK) == 0) WICK_CHECK(root.tree("/" + path, path));
  }
  return {};
}

Result<> fill_dev(Builder& root) {
  WICK_CHECK(root.folder("dev"));
  WICK_CHECK(root.folder("dev/shm"));
  for (const char* name : {"null", "zero", "full", "random", "urandom"}) WICK_CHECK(root.device(name));
  WICK_CHECK(root.link("/proc/self/fd", "dev/fd"));
  WICK_CHECK(root.link("/proc/self/fd/0", "dev/stdin"));
  WICK_CHECK(root.link("/proc/self/fd/1", "dev/stdout"));
  return root.link("/proc/self/fd/2", "dev/stderr");
}

Result<> fill_host(Builder& host, const Options& options) {
  WICK_CHECK(host.tree(options.data_directory, "data"));
  WICK_CHECK(host.tree(options.share_directory, "share"));
  WICK_CHECK(host.folder("runtimes"));
  for (const HostRuntime& runtime : options.runtimes) {
    if (is_in_usr(runtime)) continue;
    WICK_TRY(const UniqueFd runtime_root, open_runtime_root(runtime, options.data_directory));
    WICK_CHECK(host.tree(runtime_root.get(), "", "runtimes/" + runtime.name));
  }
  return host.host_proc("proc");
}

Result<> fill_root(Builder& root) {
  for (const char* name : {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"}) WICK_CHECK(root.same_as_host(name));
  WICK_CHECK(fill_etc(root));
  WICK_CHECK(fill_dev(root));
  for (const char* path : {"proc", "tmp", "opt", "var", "var/task", "var/runtime", "var/lang", "var/empty", "host"}) WICK_CHECK(root.folder(path));
  WICK_CHECK(root.link("/opt/nodejs/node_modules", "var/node_modules"));
  return root.link("/var/runtime/node_modules", "node_modules");
}

}  // namespace

Result<> enter_base_root(const Options& options) {
  if (unshare(CLONE_NEWNS) != 0) return fail_errno("make a mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_errno("make mounts private");

  const TmpfsOptions small{.bytes = kRootBytes, .inodes = kRootInodes, .mode = "0755", .owner = std::nullopt};
  WICK_TRY(const UniqueFd root, make_tmpfs(small));
  Builder builder(root.get());
  WICK_CHECK(fill_root(builder));
  WICK_TRY(const UniqueFd host, make_tmpfs(small));
  Builder host_builder(host.get());
  WICK_CHECK(fill_host(host_builder, options));
  WICK_CHECK(attach(root, AT_FDCWD, options.data_directory));  // any place will do, for as long as the lines below take
  WICK_CHECK(builder.place());
  WICK_CHECK(attach(host, root.get(), "host"));
  WICK_CHECK(host_builder.place());

  // pivot_root(2), "pivot_root(".", ".")": the old root is stacked on the new one and then taken off.
  if (fchdir(root.get()) != 0) return fail_errno("enter the new root");
  if (syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno("pivot_root");
  if (umount2(".", MNT_DETACH) != 0) return fail_errno("detach the host's root");
  if (chdir("/") != 0) return fail_errno("enter the new root");
  return make_read_only("/");
}

}  // namespace wick::sandbox::warden
