#pragma once
// Brings functions from pending to active: unpacks their packages in the background, right after a create or update was answered.
//
// What is pending is recorded in the registry with the change itself, so start() finishes what an earlier run left.
// Threads: event loop; the unpacking is on the pool. Owned by LambdaApi.
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "function/version.h"

namespace wick {
class WorkerPool;
}
namespace wick::function {
class Packages;
class Registry;
}  // namespace wick::function

namespace wick::api::lambda {

class Activations {
 public:
  // All references outlive this. active is called on the loop for each version that can be run now.
  Activations(boost::asio::any_io_executor loop, WorkerPool& pool, function::Registry& registry, function::Packages& packages,
              std::function<void(function::VersionPtr)> active);
  ~Activations();

  Result<> start();  // blocks: reads what is pending
  void begin(function::VersionPtr version);
  // Begins nothing more and waits for what is under way; the rest stays pending.
  boost::asio::awaitable<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wick::api::lambda
