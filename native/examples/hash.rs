//! The plug-in of hash.c in Rust, with the standard library alone. The structures are those of
//! native/include/psp_app.h.
//!
//!   rustc --edition 2021 -O --crate-type cdylib -C panic=abort native/examples/hash.rs -o libhash.so

use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering};

const ABI_VERSION: u32 = 1;
const DONE: c_int = 0;
const PREEMPTED: c_int = 1;
const FAILED: c_int = 2;

#[repr(C)]
pub struct Worker {
    struct_size: u32,
    worker: u32,
    workers: u32,
    types: u32,
    type_names: *const *const c_char,
    ns_per_tick: f64,
    bell: *mut u32,
}

#[repr(C)]
pub struct Request {
    scratch: *mut c_void,
    demand_ns: f64,
    type_index: u32,
    worker: u32,
    preemptions: u32,
    reserved: u32,
}

#[repr(C)]
pub struct Reply {
    data: *mut u8,
    capacity: usize,
    length: usize,
}

#[repr(C)]
pub struct Preempt {
    word: *const AtomicU32,
    stint: u32,
}

impl Preempt {
    fn raised(&self) -> bool {
        // SAFETY: the server keeps the word for as long as the call.
        unsafe { (*self.word).load(Ordering::Acquire) == self.stint }
    }
}

#[repr(C)]
pub struct App {
    abi_version: u32,
    struct_size: u32,
    name: *const c_char,
    request_bytes: usize,
    setup: extern "C" fn(*const Worker, *const c_char, *mut *mut c_void, *mut c_char, usize) -> c_int,
    handle: extern "C" fn(*mut c_void, *mut Request, *const u8, usize, *mut Reply, *const Preempt) -> c_int,
    teardown: extern "C" fn(*mut c_void),
}

// SAFETY: it is never changed.
unsafe impl Sync for App {}

/// Every worker has its own.
struct State {
    bytes: u64,
}

/// What a request has reached. It is all zeros when the request begins.
#[repr(C)]
struct Progress {
    hashed: u64,
    hash: u64,
}

const OFFSET_BASIS: u64 = 14695981039346656037;
const PRIME: u64 = 1099511628211;
/// The flag is looked at once in this many bytes, less than a microsecond.
const LOOK_EVERY: u64 = 64;

/// The number of that name in a flat JSON object. A real plug-in takes a JSON library.
fn number(params: &str, name: &str) -> Option<f64> {
    let begin = params.find(&format!("\"{name}\":"))? + name.len() + 3;
    let end = params[begin..].find([',', '}'])? + begin;
    params[begin..end].parse().ok()
}

extern "C" fn setup(
    _worker: *const Worker,
    params: *const c_char,
    state: *mut *mut c_void,
    error: *mut c_char,
    error_bytes: usize,
) -> c_int {
    // SAFETY: psp gives a text that ends with a zero, and room for a message.
    let params = unsafe { CStr::from_ptr(params) }.to_string_lossy();
    let bytes = number(&params, "bytes").unwrap_or(4096.0);
    if !(1.0..=1e9).contains(&bytes) {
        let message = format!("bytes: expected a number from 1 to 1000000000, found {bytes}");
        let length = message.len().min(error_bytes - 1);
        unsafe {
            std::ptr::copy_nonoverlapping(message.as_ptr().cast(), error, length);
            *error.add(length) = 0;
        }
        return 1;
    }
    let mine = Box::new(State { bytes: bytes as u64 });
    unsafe { *state = Box::into_raw(mine).cast() };
    0
}

extern "C" fn handle(
    state: *mut c_void,
    request: *mut Request,
    payload: *const u8,
    length: usize,
    reply: *mut Reply,
    preempt: *const Preempt,
) -> c_int {
    // SAFETY: psp gives valid pointers, the state of setup, and request_bytes of aligned scratch.
    let (mine, progress, reply, preempt) = unsafe {
        let progress = (*request).scratch.cast::<Progress>();
        (&*state.cast::<State>(), &mut *progress, &mut *reply, &*preempt)
    };
    let payload = if length == 0 { &[0][..] } else { unsafe { std::slice::from_raw_parts(payload, length) } };
    let begin = progress.hashed;
    let mut hash = if begin == 0 { OFFSET_BASIS } else { progress.hash };
    for n in begin..mine.bytes {
        if n % LOOK_EVERY == 0 && n > begin && preempt.raised() {
            *progress = Progress { hashed: n, hash };
            return PREEMPTED;
        }
        hash = (hash ^ u64::from(payload[n as usize % payload.len()])).wrapping_mul(PRIME);
    }
    if reply.capacity < 8 {
        return FAILED;
    }
    unsafe { std::ptr::copy_nonoverlapping(hash.to_le_bytes().as_ptr(), reply.data, 8) };
    reply.length = 8;
    DONE
}

extern "C" fn teardown(state: *mut c_void) {
    // SAFETY: setup made it, and nobody uses it any more.
    drop(unsafe { Box::from_raw(state.cast::<State>()) });
}

static APP: App = App {
    abi_version: ABI_VERSION,
    struct_size: std::mem::size_of::<App>() as u32,
    name: b"hash\0".as_ptr().cast(),
    request_bytes: std::mem::size_of::<Progress>(),
    setup,
    handle,
    teardown,
};

#[no_mangle]
pub extern "C" fn psp_app_v1() -> *const App {
    &APP
}
