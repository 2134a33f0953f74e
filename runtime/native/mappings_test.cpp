// What a child of fork(2) finds in its page table of a mapped file.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "native/mappings.h"

namespace {

constexpr std::size_t kPages = 64;
constexpr std::uint64_t kPresent = 1ULL << 63;  // proc_pid_pagemap(5)

class MappedFile : public testing::Test {
 protected:
  void SetUp() override {
    if (setting("/proc/sys/vm/overcommit_memory") == '2') GTEST_SKIP() << "not done where the kernel promises no more memory than it has";
    std::string name = testing::TempDir() + "mappings-XXXXXX";
    file_ = mkstemp(name.data());
    ASSERT_GE(file_, 0);
    unlink(name.c_str());
    const std::string content(kPages * page_, 'x');
    ASSERT_EQ(pwrite(file_, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
    void* mapped = mmap(nullptr, content.size(), PROT_READ, MAP_PRIVATE, file_, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    bytes_ = static_cast<char*>(mapped);
  }
  void TearDown() override {
    if (bytes_ != nullptr) munmap(bytes_, kPages * page_);
    if (file_ >= 0) close(file_);
  }

  static char setting(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    char value = 0;
    (void)!read(file, &value, 1);
    close(file);
    return value;
  }
  void read_all() const {
    for (std::size_t i = 0; i < kPages; ++i) (void)*static_cast<volatile char*>(bytes_ + i * page_);
  }
  // Of the file's pages, those that a child has from the beginning.
  std::size_t pages_of_a_child() const {
    const pid_t child = fork();
    if (child == 0) {
      const int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
      std::uint64_t entries[kPages] = {};
      (void)!pread(map, entries, sizeof(entries), static_cast<off_t>(reinterpret_cast<std::uintptr_t>(bytes_) / page_ * sizeof(std::uint64_t)));
      int present = 0;
      for (const std::uint64_t entry : entries) present += (entry & kPresent) != 0 ? 1 : 0;
      _exit(present);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return static_cast<std::size_t>(WEXITSTATUS(status));
  }

  const std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  int file_ = -1;
  char* bytes_ = nullptr;
};

TEST_F(MappedFile, HasNoPagesInAChild) {
  read_all();
  EXPECT_EQ(pages_of_a_child(), 0U);
}

TEST_F(MappedFile, HasThoseUsedSinceWhereAsked) {
  wick_copy_files_on_fork();
  read_all();
  EXPECT_EQ(pages_of_a_child(), kPages);
  EXPECT_EQ(std::string(bytes_, kPages * page_), std::string(kPages * page_, 'x'));
}

TEST_F(MappedFile, KeepsWhatWasChangedInIt) {
  ASSERT_EQ(mprotect(bytes_, kPages * page_, PROT_READ | PROT_WRITE), 0);
  bytes_[5 * page_] = 'y';
  ASSERT_EQ(mprotect(bytes_, kPages * page_, PROT_READ), 0);
  wick_copy_files_on_fork();
  EXPECT_EQ(bytes_[5 * page_], 'y');
}

TEST_F(MappedFile, MayHaveBecomeShorter) {
  ASSERT_EQ(ftruncate(file_, 0), 0);
  wick_copy_files_on_fork();
}

TEST_F(MappedFile, StaysAsProtectedAsItWas) {
  wick_copy_files_on_fork();
  EXPECT_DEATH(*static_cast<volatile char*>(bytes_) = 'y', "");
}

}  // namespace
