#pragma once
#include <span>

#include "include/psp_app.h"

namespace psp {

/** All built-in applications. To add one, name it in built_in.cpp. */
std::span<const psp_app* const> builtIns();

}  // namespace psp
