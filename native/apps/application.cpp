#include "apps/application.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <stdexcept>

#include "apps/built_in.hpp"

namespace psp {
namespace {

[[noreturn]] void refusePlugin(const std::string& path, const std::string& why) {
  throw std::runtime_error("plug-in " + path + ": " + why);
}

/** What the dynamic linker says begins with the name of the file, which the message has already. */
std::string linkerWords(const std::string& path) {
  const char* said = dlerror();
  std::string words = said == nullptr ? "the dynamic linker refused it" : said;
  if (words.starts_with(path + ": ")) words.erase(0, path.size() + 2);
  return words.substr(0, words.find('\n'));
}

const psp_app& loadPlugin(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) refusePlugin(path, "there is no such file");
  // A name without a slash would be looked for in the system's folders.
  const std::string file = std::filesystem::absolute(path).string();
  // Never closed: threads of the plug-in may run until the process ends.
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refusePlugin(path, "cannot be loaded: " + linkerWords(file));
  const auto entry = reinterpret_cast<decltype(&psp_app_v1)>(dlsym(library, "psp_app_v1"));
  if (entry == nullptr) refusePlugin(path, "exports no function psp_app_v1 (see native/include/psp_app.h)");
  const psp_app* app = entry();
  if (app == nullptr) refusePlugin(path, "psp_app_v1 returned NULL");
  if (app->abi_version != PSP_APP_ABI_VERSION) {
    refusePlugin(path, "expected version " + std::to_string(PSP_APP_ABI_VERSION) + " of psp's ABI, found version " +
                           std::to_string(app->abi_version));
  }
  if (app->struct_size < sizeof(psp_app)) {
    refusePlugin(path, "expected a psp_app of " + std::to_string(sizeof(psp_app)) + " bytes or more, found " +
                           std::to_string(app->struct_size));
  }
  if (app->name == nullptr || app->setup == nullptr || app->handle == nullptr) {
    refusePlugin(path, "its psp_app lacks name, setup or handle");
  }
  if (app->request_bytes > kMaxRequestBytes) {
    refusePlugin(path, "expected request_bytes from 0 to " + std::to_string(kMaxRequestBytes) + ", found " +
                           std::to_string(app->request_bytes));
  }
  return *app;
}

}  // namespace

std::vector<std::string> builtInApplications() {
  std::vector<std::string> names;
  for (const psp_app* app : builtIns()) names.emplace_back(app->name);
  return names;
}

const psp_app& loadApplication(const ApplicationConfig& config) {
  if (!config.plugin.empty()) return loadPlugin(config.plugin);
  std::string known;
  for (const psp_app* app : builtIns()) {
    if (config.name == app->name) return *app;
    known += (known.empty() ? "" : ", ") + std::string(app->name);
  }
  throw std::runtime_error("application '" + config.name + "': expected one of " + known);
}

}  // namespace psp
