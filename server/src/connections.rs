//! The listeners' loop: takes connections, bounds how long each may wait with its question, ends them all together.
//!
//! Whoever connects and says nothing, or says it byte by byte, is cut before it costs more than a socket. How many
//! connections there are at once is bounded too; those beyond wait in the system's line.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long to wait when the system has no room for another connection.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);
/// How often a connection with many requests at once is asked whether its other end is there.
const ALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Time for the head of a request, from the first byte that could be sent to the last that is needed.
    pub header_deadline: Duration,
    /// Connections at once, sockets among them.
    pub most_connections: usize,
    /// How often open sockets ask whether their person may still read.
    pub socket_check_interval: Duration,
    /// A socket whose reader takes nothing for this long is closed.
    pub reader_deadline: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            header_deadline: Duration::from_secs(20),
            most_connections: 4096,
            socket_check_interval: Duration::from_secs(15),
            reader_deadline: Duration::from_secs(30),
        }
    }
}

/// Where connections come from.
pub trait Listener: Send + Sync {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and the address of its other end.
    fn take(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn take(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = self.accept().await?;
        // Small frames go out at once: held back for the other side's acknowledgement, each answer would take 40 ms
        // longer. A connection that refuses this is slower, nothing else.
        let _ = stream.set_nodelay(true);
        Ok((stream, address))
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn take(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
    }
}

/// Serves until `stopping` is cancelled, then until the last connection has ended.
pub async fn serve<L: Listener>(
    listener: L,
    router: Router,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(limits.most_connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = stopping.cancelled() => break,
        };
        let Some((stream, address)) = accepted else {
            continue;
        };
        let (router, stopping) = (router.clone(), stopping.clone());
        connections.spawn(converse(stream, address, router, limits, stopping));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The next connection, once there is room for it.
async fn accept<L: Listener>(
    listener: &L,
    room: &Arc<Semaphore>,
) -> Option<(Counted<L::Stream>, SocketAddr)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.take().await {
        Ok((stream, address)) => {
            let counted = Counted {
                stream,
                _permit: permit,
            };
            Some((counted, address))
        }
        Err(error) if is_of_one_connection(&error) => None,
        Err(error) => {
            tracing::error!(%error, "a connection could not be taken");
            tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            None
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: Counted<S>,
    address: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) {
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = {
        let has_asked = Arc::clone(&has_asked);
        service_fn(move |request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(address));
            router.clone().oneshot(request)
        })
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_deadline);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ALIVE_INTERVAL)
        .enable_connect_protocol();
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // Telling the protocol versions apart has no deadline of its own.
    let mut first_request = pin!(tokio::time::sleep(limits.header_deadline));
    let (mut is_watched, mut is_ending) = (true, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(error, "a connection ended early");
                }
                return;
            }
            () = first_request.as_mut(), if is_watched => {
                if !has_asked.load(Ordering::Relaxed) {
                    return;
                }
                is_watched = false;
            }
            () = stopping.cancelled(), if !is_ending => {
                connection.as_mut().graceful_shutdown();
                is_ending = true;
            }
        }
    }
}

/// A connection that is counted as long as anybody holds it, a socket that was made of it too.
struct Counted<S> {
    stream: S,
    _permit: OwnedSemaphorePermit,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
