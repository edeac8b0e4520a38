// The file that Node loads as tfjs_binding.node: it opens the real addon (graph.cc, linked with TensorFlow) from the
// same folder.
//
// While TensorFlow's libraries are being opened, they write two lines to standard error before any setting can stop
// them. The command line prints errors as one sentence, so standard error is redirected for that moment, unless
// TF_CPP_MIN_LOG_LEVEL=0 asks for all messages.

#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

class QuietStderr {
 public:
  QuietStderr() {
    const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
    if (level != nullptr && level[0] == '0') return;
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    kept_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (kept_ >= 0) dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  ~QuietStderr() {
    if (kept_ < 0) return;
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }

 private:
  int kept_ = -1;
};

std::string OwnFolder() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&OwnFolder), &self) == 0) return ".";
  const std::string path = self.dli_fname;
  return path.substr(0, path.find_last_of('/'));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  void* addon = nullptr;
  {
    const QuietStderr quiet;
    addon = dlopen((OwnFolder() + "/rcsd_tensorflow.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  using Register = napi_value (*)(napi_env, napi_value);
  auto initialise = addon == nullptr ? nullptr : reinterpret_cast<Register>(dlsym(addon, "rcsd_initialise"));
  if (initialise == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
    return nullptr;
  }
  return initialise(env, exports);
}

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return 8; }
