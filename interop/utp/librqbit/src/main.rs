//! Sends and receives a file by the crate librqbit-utp:
//!
//!     utp-peer receive PORT FILE        one connection, until its end
//!     utp-peer send HOST PORT FILE
//!
//! It prints how many bytes went, and in which time; it exits with 0 only if the connection ended in order.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use librqbit_utp::UtpSocket;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

type Error = Box<dyn std::error::Error>;

/// The crate tells nobody when its last acknowledgement is out.
const GRACE: Duration = Duration::from_secs(2);
const COPY: usize = 1 << 20;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["receive", port, file] => receive(port.parse()?, file).await,
        ["send", host, port, file] => send(format!("{host}:{port}").parse()?, file).await,
        _ => Err("receive PORT FILE, or send HOST PORT FILE".into()),
    }
}

async fn receive(port: u16, path: &str) -> Result<(), Error> {
    let socket = UtpSocket::new_udp((Ipv4Addr::UNSPECIFIED, port).into()).await?;
    println!("listening");
    let mut stream = socket.accept().await?;
    let start = Instant::now();
    let mut file = File::create(path).await?;
    let (mut bytes, mut buffer) = (0, vec![0; COPY]);
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        file.write_all(&buffer[..n]).await?;
        bytes += n as u64;
    }
    file.flush().await?;
    stream.shutdown().await?;
    done(bytes, start).await
}

async fn send(to: SocketAddr, path: &str) -> Result<(), Error> {
    let socket = UtpSocket::new_udp((Ipv4Addr::UNSPECIFIED, 0).into()).await?;
    let start = Instant::now();
    let mut stream = socket.connect(to).await?;
    let mut file = BufReader::with_capacity(COPY, File::open(path).await?);
    let bytes = tokio::io::copy_buf(&mut file, &mut stream).await?;
    stream.shutdown().await?; // returns when its FIN is acknowledged; the crate answers nothing from then on
    done(bytes, start).await
}

async fn done(bytes: u64, start: Instant) -> Result<(), Error> {
    println!("bytes={bytes} seconds={:.3}", start.elapsed().as_secs_f64());
    tokio::time::sleep(GRACE).await;
    Ok(())
}
