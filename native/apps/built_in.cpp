#include "apps/built_in.hpp"

#include "apps/rocksdb_app.hpp"
#include "apps/sleep_app.hpp"
#include "apps/spin_app.hpp"

namespace psp {
namespace {

constexpr psp_app kSpin = appOf<SpinApp>("spin", sizeof(SpinApp::Progress));
constexpr psp_app kSleep = appOf<SleepApp>("sleep", sizeof(SleepApp::Progress));
const psp_app kRocksdb = rocksdbApp();

const psp_app* const kBuiltIns[] = {&kSpin, &kSleep, &kRocksdb};

}  // namespace

std::span<const psp_app* const> builtIns() { return kBuiltIns; }

}  // namespace psp
