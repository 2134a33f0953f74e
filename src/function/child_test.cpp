#include "function/child.h"

#include <gtest/gtest.h>

#include <csignal>

namespace wick::function {
namespace {

using std::chrono::seconds;

Result<Child::Exit> shell(const std::string& script, std::chrono::milliseconds timeout = seconds(10)) {
  WICK_TRY(auto child, Child::start({"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin", "A=b"}));
  return child.wait(timeout);
}

TEST(Child, TellsStatusAndBothOutputs) {
  const auto exit = shell("echo out; echo err >&2; echo $A$HOME; cat; exit 3").value();
  EXPECT_EQ(exit.status, 3);
  EXPECT_EQ(exit.output, "out\nerr\nb\n");
  EXPECT_EQ(shell("kill -TERM $$").value().status, 128 + SIGTERM);
}

TEST(Child, KeepsTheLastOfMuchOutput) {
  const auto exit = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo end").value();
  EXPECT_EQ(exit.output.size(), 64U * 1024);
  EXPECT_TRUE(exit.output.ends_with("xend\n"));
}

TEST(Child, EndsWhenItIsTooSlow) { EXPECT_EQ(shell("sleep 60", std::chrono::milliseconds(30)).error().code, Errc::deadline_exceeded); }

TEST(Child, DoesNotWaitForWhatItLeftBehind) { EXPECT_EQ(shell("sleep 60 & echo done").value().output, "done\n"); }

TEST(Child, WhatCannotRunIsAnError) { EXPECT_EQ(Child::start({"/not/there"}, {}).error().message, "run /not/there: No such file or directory"); }

}  // namespace
}  // namespace wick::function
