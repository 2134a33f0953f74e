#pragma once
// How many bytes of request bodies may lie in memory at once: of one server, or of many that share a budget. A budget may stand
// beneath another, which then has to have room too.
//
// Threads: the one loop of the servers that share it.
#include <cstddef>
#include <memory>
#include <utility>

namespace wick::http {

class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes, std::shared_ptr<BodyBudget> above = nullptr) : left_(bytes), above_(std::move(above)) {}

  bool take(std::size_t bytes) {
    if (bytes > left_ || (above_ && !above_->take(bytes))) return false;
    left_ -= bytes;
    return true;
  }
  void give(std::size_t bytes) {
    left_ += bytes;
    if (above_) above_->give(bytes);
  }
  std::size_t left() const { return left_; }

 private:
  std::size_t left_;
  const std::shared_ptr<BodyBudget> above_;
};

// What one request has taken. Without a budget it may take anything.
class BodyLease {
 public:
  explicit BodyLease(std::shared_ptr<BodyBudget> budget) : budget_(std::move(budget)) {}
  BodyLease(const BodyLease&) = delete;
  ~BodyLease() { release(); }

  // Grows to so many bytes in all, if they are there.
  bool cover(std::size_t bytes) {
    if (!budget_ || bytes <= taken_) return true;
    if (!budget_->take(bytes - taken_)) return false;
    taken_ = bytes;
    return true;
  }
  void release() {
    if (budget_) budget_->give(std::exchange(taken_, 0));
  }

 private:
  const std::shared_ptr<BodyBudget> budget_;
  std::size_t taken_ = 0;
};

}  // namespace wick::http
