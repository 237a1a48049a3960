// What is measured and tested without DPDK, compiled as one file, as psp_runtime.cpp is.
#include "base/clock.cpp"
#include "net/frame.cpp"
#include "probe/addon.cpp"
#include "probe/probe_world.cpp"
#include "probe/ring_hops.cpp"
