#include "kv/rocksdb/shared_sync.h"

namespace wick::kv {

SharedSync::Ticket SharedSync::written() {
  const std::lock_guard lock(mutex_);
  return ++written_;
}

SharedSync::Ticket SharedSync::last() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

Result<> SharedSync::wait(Ticket ticket) {
  std::unique_lock lock(mutex_);
  while (synced_ < ticket && !failure_) {
    if (syncing_) {
      changed_.wait(lock);
      continue;
    }
    syncing_ = true;
    const Ticket covered = written_;
    lock.unlock();
    auto done = sync_();
    lock.lock();
    syncing_ = false;
    if (done) {
      synced_ = covered;
    } else {
      failure_ = std::move(done.error());
    }
    changed_.notify_all();
  }
  if (failure_) return std::unexpected(*failure_);
  return {};
}

}  // namespace wick::kv
