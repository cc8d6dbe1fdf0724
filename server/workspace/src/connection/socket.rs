//! WebSockets as byte streams, for both ends of the tunnel.
//!
//! Two loops move bytes between the socket's binary messages and an in-memory pipe, so neither direction can
//! block the other. A ping goes out at every interval; a peer that is silent for too long is taken for dead,
//! which is how a half-open connection is noticed.

use std::time::Duration;

use axum::extract::ws;
use bytes::Bytes;
use futures::{Sink, SinkExt, Stream, StreamExt, future::ready};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf},
    sync::watch,
    time::{Instant, MissedTickBehavior},
};
use tokio_tungstenite::{WebSocketStream, tungstenite};

/// One message carries at most this much.
const MESSAGE_BYTES: usize = 64 * 1024;
/// What the pipe holds before the writer has to wait.
const PIPE_BYTES: usize = 256 * 1024;

/// How a dead peer is noticed.
#[derive(Clone, Copy, Debug)]
pub struct Keepalive {
    /// A ping goes out this often.
    pub ping_interval: Duration,
    /// A peer that sent nothing, not even a pong, for this long is dead.
    pub silence_limit: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
        }
    }
}

/// What the loops need to know of a WebSocket message.
enum Frame {
    Data(Bytes),
    Ping,
    Close,
    Other,
}

/// The server's end.
pub fn from_axum(websocket: ws::WebSocket, keepalive: Keepalive) -> DuplexStream {
    let (sink, stream) = websocket.split();
    let stream = stream.map(|message| match message {
        Ok(ws::Message::Binary(data)) => Frame::Data(data),
        Ok(ws::Message::Close(_)) | Err(_) => Frame::Close,
        Ok(_) => Frame::Other,
    });
    let sink = sink.sink_map_err(drop).with(|frame| {
        ready(Ok(match frame {
            Frame::Data(data) => ws::Message::Binary(data),
            Frame::Close => ws::Message::Close(None),
            Frame::Ping | Frame::Other => ws::Message::Ping(Bytes::new()),
        }))
    });
    bridge(sink, stream, keepalive)
}

/// The agent's end.
pub fn from_tungstenite<S>(websocket: WebSocketStream<S>, keepalive: Keepalive) -> DuplexStream
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sink, stream) = websocket.split();
    let stream = stream.map(|message| match message {
        Ok(tungstenite::Message::Binary(data)) => Frame::Data(data),
        Ok(tungstenite::Message::Close(_)) | Err(_) => Frame::Close,
        Ok(_) => Frame::Other,
    });
    let sink = sink.sink_map_err(drop).with(|frame| {
        ready(Ok(match frame {
            Frame::Data(data) => tungstenite::Message::Binary(data),
            Frame::Close => tungstenite::Message::Close(None),
            Frame::Ping | Frame::Other => tungstenite::Message::Ping(Bytes::new()),
        }))
    });
    bridge(sink, stream, keepalive)
}

fn bridge<W, R>(sink: W, stream: R, keepalive: Keepalive) -> DuplexStream
where
    W: Sink<Frame, Error = ()> + Send + 'static,
    R: Stream<Item = Frame> + Send + 'static,
{
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let (from_near, to_near) = tokio::io::split(far);
    let (heard, last_heard) = watch::channel(Instant::now());
    tokio::spawn(async move {
        // Either loop ending ends the connection: dropping both halves closes the pipe and the socket.
        tokio::select! {
            () = receive(stream, to_near, heard) => {}
            () = send(sink, from_near, last_heard, keepalive) => {}
        }
    });
    near
}

async fn receive<R>(stream: R, mut to_near: WriteHalf<DuplexStream>, heard: watch::Sender<Instant>)
where
    R: Stream<Item = Frame>,
{
    let mut stream = std::pin::pin!(stream);
    while let Some(frame) = stream.next().await {
        heard.send_replace(Instant::now());
        match frame {
            Frame::Data(data) => {
                if to_near.write_all(&data).await.is_err() {
                    return;
                }
            }
            Frame::Close => return,
            Frame::Ping | Frame::Other => {}
        }
    }
}

async fn send<W>(
    sink: W,
    mut from_near: ReadHalf<DuplexStream>,
    last_heard: watch::Receiver<Instant>,
    keepalive: Keepalive,
) where
    W: Sink<Frame, Error = ()>,
{
    let mut sink = std::pin::pin!(sink);
    let mut pings = tokio::time::interval(keepalive.ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = bytes::BytesMut::with_capacity(MESSAGE_BYTES);
    loop {
        let frame = tokio::select! {
            read = from_near.read_buf(&mut buffer) => match read {
                Ok(0) | Err(_) => {
                    let _ = tokio::time::timeout(Duration::from_secs(1), sink.send(Frame::Close)).await;
                    return;
                }
                Ok(_) => Frame::Data(buffer.split().freeze()),
            },
            _ = pings.tick() => {
                if last_heard.borrow().elapsed() > keepalive.silence_limit {
                    return;
                }
                Frame::Ping
            }
        };
        // A peer that stopped reading blocks the write for ever; silence ends that as well.
        match tokio::time::timeout(keepalive.silence_limit, sink.send(frame)).await {
            Ok(Ok(())) => buffer.reserve(MESSAGE_BYTES),
            _ => return,
        }
    }
}
