//! A reader of a desktop that speaks RFB far enough to see a pixel.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::StreamExt as _;
use workspace::connection::{AgentClient, DesktopCall};

use crate::support::LONG;

/// Somebody who looks by RFB.
pub struct Viewer {
    call: DesktopCall,
    unread: VecDeque<u8>,
}

impl Viewer {
    pub async fn open(client: &AgentClient) -> Self {
        Self {
            call: client.open_desktop().await.unwrap(),
            unread: VecDeque::new(),
        }
    }

    async fn send(&self, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.call.input.send(bytes).await.unwrap();
    }

    async fn read(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            let piece = tokio::time::timeout(LONG, self.call.output.next());
            let piece = piece.await.expect("nothing comes");
            self.unread.extend(piece.expect("it ended").unwrap());
        }
        self.unread.drain(..count).collect()
    }

    /// The handshake; the screen's size and the desktop's name.
    pub async fn shake_hands(&mut self) -> (u16, u16, String) {
        assert_eq!(self.read(12).await, b"RFB 003.008\n");
        self.send(b"RFB 003.008\n").await;
        let count = self.read(1).await[0];
        assert_eq!(self.read(count.into()).await, [1], "no password");
        self.send(&[1]).await;
        assert_eq!(self.read(4).await, [0; 4]);
        self.send(&[1]).await;
        let begin = self.read(24).await;
        let number = |at: usize| u16::from_be_bytes([begin[at], begin[at + 1]]);
        let length = u32::from_be_bytes(begin[20..].try_into().unwrap());
        let name = self.read(length.try_into().unwrap()).await;
        (number(0), number(2), String::from_utf8(name).unwrap())
    }

    /// The colour of a pixel, as it is.
    pub async fn pixel(&mut self, x: u16, y: u16) -> [u8; 3] {
        // Raw pixels alone.
        self.send(&[2, 0, 0, 1, 0, 0, 0, 0]).await;
        let [x, y] = [x, y].map(u16::to_be_bytes);
        self.send(&[3, 0, x[0], x[1], y[0], y[1], 0, 1, 0, 1]).await;
        assert_eq!(self.read(4).await, [0, 0, 0, 1], "an update of one part");
        assert_eq!(self.read(12).await[8..], [0; 4], "raw");
        let pixel = self.read(4).await;
        [pixel[2], pixel[1], pixel[0]]
    }

    pub async fn until_it_ends(mut self) {
        let end = async { while let Some(Ok(_)) = self.call.output.next().await {} };
        tokio::time::timeout(LONG, end).await.expect("it goes on");
    }
}
