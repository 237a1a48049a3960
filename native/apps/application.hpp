#pragma once
#include <string>
#include <vector>

#include "include/psp_app.h"

namespace psp {

/** Which application a server runs. */
struct ApplicationConfig {
  /** The name of a built-in application; empty for a plug-in. */
  std::string name;
  /** The file of a plug-in. */
  std::string plugin;
  /** The parameters for its setup, as JSON. */
  std::string parameters = "{}";
};

/** A plug-in that wants more scratch for each request is refused: a server holds 16384 requests. */
inline constexpr size_t kMaxRequestBytes = 16384;

/** The names of the built-in applications. */
std::vector<std::string> builtInApplications();

/**
 * Finds or loads an application. It stays loaded until the process ends.
 *
 * @throws std::runtime_error for an unknown name, and for a file that is no plug-in of this version
 */
const psp_app& loadApplication(const ApplicationConfig& config);

}  // namespace psp
