#pragma once
// Which templates there are, and what new instances are forked from (docs/decisions/022-start-levels.md).
//
// A template of a version has done the version's init; a bare one is the runtime alone. They are made in the background, few at once. What is
// not there now is done without, except by a crowd (docs/decisions/027-booting-a-crowd.md). One that dies or does not fork is made again,
// later each time, a few times; one that says that it cannot be forked keeps its reason until its generation goes. Those of versions end when
// they have not been used for a while, least recently used first when there are too many or memory is short; forks live on without them.
//
// Threads: the engine's loop. Owned by the engine.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "invoke/instance.h"
#include "invoke/template_info.h"
#include "invoke/watchdog.h"

namespace wick::invoke {

class Templates final : public InstanceOwner, public std::enable_shared_from_this<Templates> {
 public:
  // changed: a template has ended, or making one is over. site outlives this.
  Templates(std::shared_ptr<const Site> site, std::function<void()> changed);

  // The nearest level from this one on that the version can start at now. The template counts as used.
  Origin origin(const function::Version& version, StartLevel from);
  StartLevel nearest(const function::Version& version) const;  // the same without using it
  bool is_coming(const function::Version& version) const;      // whether one that it could start from is being made

  // What came of a fork of this origin. It served; or its template does not fork, or only forks that are never ready.
  void served(const Origin& origin);
  void failed(const Origin& origin);

  // The version has been started, or will be: makes what is missing.
  void want_bare(const function::Version& version);
  void want(const function::VersionPtr& version);

  TemplateInfo info(const function::Version& version) const;
  void retire(const function::FunctionName& name, const std::vector<std::string>& keep);
  bool drop_least_used();  // a version's; false: there is none
  bool has_droppable() const { return find_least_used() != nullptr; }
  void stop();
  bool busy() const { return makers_ > 0 || !alive_.empty(); }

  void on_settled(const InstancePtr&) override {}
  void on_idle_timeout(const InstancePtr&) override {}
  void on_exit(const InstancePtr& instance) override;

 private:
  enum class State { none, queued, making, ready, refused };
  struct Entry {
    function::VersionPtr version;
    Instance::Kind kind;
    State state = State::none;
    InstancePtr instance{};
    std::string reason{};        // why it is refused, or what went wrong last
    std::uint32_t failures = 0;  // one after another
    MonoTime not_before{};       // the next attempt
    MonoTime used{};
    bool gone = false;  // not in entries_ any more
  };
  using EntryPtr = std::shared_ptr<Entry>;

  EntryPtr find(const std::string& key) const;
  EntryPtr find(const Origin& origin) const;
  EntryPtr ready(const function::Version& version, StartLevel level) const;
  EntryPtr find_least_used() const;
  void want(const std::string& key, function::VersionPtr version, Instance::Kind kind);
  static boost::asio::awaitable<void> make_queued(std::shared_ptr<Templates> self);
  boost::asio::awaitable<void> make(EntryPtr entry);
  void settle(Entry& entry, const std::string& said);
  void try_later(Entry& entry, std::string reason);
  void drop(Entry& entry);
  void make_room();
  void end_unused();
  std::uint64_t memory_mb() const;

  const std::shared_ptr<const Site> site_;
  const std::function<void()> changed_;
  std::map<std::string, EntryPtr> entries_;  // by generation, or bare: and the runtime's name
  std::deque<EntryPtr> queue_;
  std::uint32_t makers_ = 0;
  std::vector<InstancePtr> alive_;  // oldest first
  Watchdog unused_;
  bool stopping_ = false;
};

}  // namespace wick::invoke
