// A team of threads for pieces of work of some microseconds that follow each other quickly, as in decoding. The threads
// spin for a moment before they sleep, so that the next piece finds them awake, and work never waits for a thread that
// is late. TensorFlow's own pool wakes a thread through the operating system for every piece, which can take longer
// than the piece.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include <immintrin.h>
#include <sched.h>

namespace rcsd {

class Team {
 public:
  using Work = std::function<void(int64_t, int64_t)>;

  // The team of this process; it lives as long as the process.
  static Team& Of(int threads) {
    static Team* const team = new Team(threads - 1);
    return *team;
  }

  // Runs work(first, last) over 0 .. total in pieces of `grain`. The caller takes part and does not depend on the
  // others: threads that do not wake up in time take no piece. If the team is busy already, the caller does all the
  // work alone.
  void Run(int64_t total, int64_t grain, const Work& work) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock() || total <= grain) {
      work(0, total);
      return;
    }
    Job job = {work, total, grain, {0}};
    open_.store(&job);
    round_.fetch_add(1);
    if (asleep_.load() > 0) {
      std::lock_guard<std::mutex> hold(sleep_);
      wake_.notify_all();
    }
    job.Drain();
    open_.store(nullptr);
    for (int i = 0; inside_.load() > 0; i++) Pause(i);
  }

 private:
  struct Job {
    const Work& work;
    int64_t total, grain;
    std::atomic<int64_t> next;
    void Drain() {
      for (int64_t first; (first = next.fetch_add(grain)) < total;) work(first, std::min(total, first + grain));
    }
  };

  explicit Team(int helpers) {
    for (int i = 0; i < helpers; i++) std::thread([this] { Help(); }).detach();
  }

  // Yields from time to time, because a busy machine has other threads to run.
  static void Pause(int turns) {
    if (turns % 256 == 255) sched_yield();
    else _mm_pause();
  }

  void Help() {
    constexpr int PATIENCE = 4096;
    for (uint64_t seen = 0;;) {
      for (int i = 0; round_.load() == seen; i++) {
        if (i < PATIENCE) {
          Pause(i);
          continue;
        }
        std::unique_lock<std::mutex> hold(sleep_);
        asleep_.fetch_add(1);
        wake_.wait(hold, [&] { return round_.load() != seen; });
        asleep_.fetch_sub(1);
      }
      seen = round_.load();
      // Counted before `open_` is read, so that a caller who has closed the job waits for every thread that found it
      // open.
      inside_.fetch_add(1);
      if (Job* const job = open_.load()) job->Drain();
      inside_.fetch_sub(1);
    }
  }

  std::mutex turn_, sleep_;
  std::condition_variable wake_;
  alignas(64) std::atomic<uint64_t> round_{0};
  alignas(64) std::atomic<Job*> open_{nullptr};
  alignas(64) std::atomic<int> inside_{0};
  alignas(64) std::atomic<int> asleep_{0};
};

}  // namespace rcsd
