//! Where answers are read: threads with room for the SDK's deserialisers.

use std::future::Future;
use std::panic::resume_unwind;
use std::thread::Builder;

/// The stack of every thread that reads answers.
///
/// The SDK is built without optimisation, and one of its functions (Security Hub's resource details) alone takes 8 to
/// 10 MB: more than Linux gives a thread (8 MB), Rust (2 MB) or Windows (1 MB). `tests/it/full_answers.rs` measures the
/// deepest need over all operations and holds this to four times as much. It is address space: what is not used
/// takes no memory.
pub const STACK: usize = 64 << 20;

/// Threads for the connections; answers are read on that of [`Runtime::block_on`].
const WORKERS: usize = 4;
/// Threads that look up names, at most. They have the same stack, of which a system may allow only so much.
const RESOLVERS: usize = 16;

/// The system gives no thread of that size.
#[derive(Debug, thiserror::Error)]
#[error("cannot start: {0}")]
pub struct CannotStart(#[from] std::io::Error);

/// A tokio runtime all of whose threads have [`STACK`], on every platform.
#[derive(Debug)]
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// Starts one.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn new() -> Result<Self, CannotStart> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_stack_size(STACK)
            .worker_threads(WORKERS)
            .max_blocking_threads(RESOLVERS)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `work` to its end, on a thread of its own: that of the caller may have any stack, and may be within another
    /// runtime. A panic of `work` goes on in the caller.
    pub fn block_on<T: Send>(&self, work: impl Future<Output = T> + Send) -> Result<T, CannotStart> {
        let Some(runtime) = &self.0 else {
            return Err(std::io::Error::other("the runtime has ended").into());
        };
        std::thread::scope(|scope| {
            let thread = Builder::new()
                .name("reading".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, || runtime.block_on(work))?;
            Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // A connection that never answers must not hold up the end.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
