// The runtime's binding to Node, compiled as one file, as psp_runtime.cpp is.
#include "addon/addon.cpp"
#include "addon/dispatcher_net.cpp"
#include "addon/load_binding.cpp"
#include "addon/server_binding.cpp"
