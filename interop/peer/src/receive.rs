//! `peer receive`: writes files into a folder, through the receiver of crate `flute`.

use std::cell::Cell;
use std::net::{SocketAddrV4, UdpSocket};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use flute::core::UDPEndpoint;
use flute::error::Result as FluteResult;
use flute::receiver::MultiReceiver;
use flute::receiver::writer::{
    ObjectMetadata, ObjectWriter, ObjectWriterBuilder, ObjectWriterBuilderResult, ObjectWriterFSBuilder,
};
use lexopt::{Arg, Parser};
use socket2::{Domain, Protocol, Socket, Type};

use crate::options::{Failure, LOOPBACK, group, seconds, value};

pub struct Options {
    group: SocketAddrV4,
    /// Files after which to stop.
    files: usize,
    timeout: Duration,
    folder: PathBuf,
}

impl Options {
    pub fn parse(mut args: Parser) -> Result<Options, Failure> {
        let mut o = Options {
            group: SocketAddrV4::new(LOOPBACK, 0),
            files: 1,
            timeout: Duration::from_secs(30),
            folder: PathBuf::new(),
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("group") => o.group = group(&mut args)?,
                Arg::Long("files") => o.files = value(&mut args)?,
                Arg::Long("timeout") => o.timeout = seconds(&mut args)?,
                Arg::Value(folder) => o.folder = folder.into(),
                other => return Err(other.unexpected().into()),
            }
        }
        if o.group.port() == 0 || !o.folder.is_dir() {
            return Err("receive wants --group GROUP:PORT and a folder that exists".into());
        }
        Ok(o)
    }
}

const MAX_DATAGRAM: usize = 1 << 16;
/// Bytes; the system may grant less.
const RECEIVE_BUFFER: usize = 8 << 20;
/// Datagrams that wait while a block is decoded.
const QUEUE: usize = 1 << 15;
const CLEANUP: Duration = Duration::from_millis(100);

/// Returns when all files are there; fails at the timeout.
pub fn run(o: Options) -> Result<(), Failure> {
    let start = Instant::now();
    let datagrams = listen(o.group)?;
    let done = Rc::new(Cell::new(0));
    let files = ObjectWriterFSBuilder::new(&o.folder, true).map_err(|e| e.0)?;
    let mut receiver = MultiReceiver::new(Rc::new(Counter { files, done: done.clone() }), None, false);
    let endpoint = UDPEndpoint::new(None, o.group.ip().to_string(), o.group.port());
    let (mut packets, mut bad, mut cleaned) = (0u64, 0u64, start);
    while done.get() < o.files && start.elapsed() < o.timeout {
        match datagrams.recv_timeout(CLEANUP) {
            Ok(datagram) => {
                packets += 1;
                if receiver.push(&endpoint, &datagram, SystemTime::now()).is_err() {
                    bad += 1;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("the socket failed".into()),
        }
        if cleaned.elapsed() > CLEANUP {
            receiver.cleanup(SystemTime::now());
            cleaned = Instant::now();
        }
    }
    println!("received {} of {} files, {packets} packets, {bad} of them bad", done.get(), o.files);
    if done.get() < o.files {
        return Err(format!("timeout: {} of {} files", done.get(), o.files).into());
    }
    Ok(())
}

/// Joins the group. Datagrams are taken from the socket by a thread of their own: the receiver decodes inside `push`, and
/// the socket's buffer may be short.
fn listen(group: SocketAddrV4) -> Result<Receiver<Vec<u8>>, Failure> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(&group.into())?;
    socket.join_multicast_v4(group.ip(), &LOOPBACK)?;
    let socket: UdpSocket = socket.into();
    let (queue, datagrams) = sync_channel(QUEUE);
    thread::spawn(move || forward(&socket, &queue));
    Ok(datagrams)
}

fn forward(socket: &UdpSocket, queue: &SyncSender<Vec<u8>>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    while let Ok(n) = socket.recv(&mut buffer) {
        if queue.send(buffer[..n].to_vec()).is_err() {
            return;
        }
    }
}

/// The crate's writer of files, with a count of those that are complete.
struct Counter {
    files: ObjectWriterFSBuilder,
    done: Rc<Cell<usize>>,
}

struct CountedFile {
    file: Box<dyn ObjectWriter>,
    done: Rc<Cell<usize>>,
}

impl ObjectWriterBuilder for Counter {
    fn new_object_writer(
        &self,
        endpoint: &UDPEndpoint,
        tsi: &u64,
        toi: &u128,
        meta: &ObjectMetadata,
        now: SystemTime,
    ) -> ObjectWriterBuilderResult {
        match self.files.new_object_writer(endpoint, tsi, toi, meta, now) {
            ObjectWriterBuilderResult::StoreObject(file) => {
                ObjectWriterBuilderResult::StoreObject(Box::new(CountedFile { file, done: self.done.clone() }))
            }
            other => other,
        }
    }

    fn update_cache_control(&self, _: &UDPEndpoint, _: &u64, _: &u128, _: &ObjectMetadata, _: SystemTime) {}

    fn fdt_received(
        &self,
        _: &UDPEndpoint,
        _: &u64,
        _: &str,
        _: SystemTime,
        _: &ObjectMetadata,
        _: Duration,
        _: SystemTime,
        _: Option<SystemTime>,
    ) {
    }
}

impl ObjectWriter for CountedFile {
    fn open(&self, now: SystemTime) -> FluteResult<()> {
        self.file.open(now)
    }

    fn write(&self, sbn: u32, data: &[u8], now: SystemTime) -> FluteResult<()> {
        self.file.write(sbn, data, now)
    }

    fn complete(&self, now: SystemTime) {
        self.file.complete(now);
        self.done.set(self.done.get() + 1);
    }

    fn error(&self, now: SystemTime) {
        println!("an object failed");
        self.file.error(now);
    }

    fn interrupted(&self, now: SystemTime) {
        println!("an object was interrupted");
        self.file.interrupted(now);
    }

    fn enable_md5_check(&self) -> bool {
        self.file.enable_md5_check()
    }
}
