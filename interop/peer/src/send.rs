//! `peer send`: one session with some files, through the sender of crate `flute`.

use std::net::{SocketAddrV4, UdpSocket};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use flute::core::UDPEndpoint;
use flute::core::lct::Cenc;
use flute::sender::{
    Config, CreateFromFile, FDTPublishMode, FdtXmlProfile, PriorityQueue, Profile, Sender, TOIMaxLength, TransferConfig,
};
use lexopt::{Arg, Parser};

use crate::codec::Codec;
use crate::options::{Failure, LOOPBACK, group, seconds, value};
use crate::pace::Pace;

pub struct Options {
    to: SocketAddrV4,
    tsi: u64,
    /// Mbit/s of UDP payload; 0 is as fast as the socket takes it.
    rate: f64,
    /// Files sent at once.
    parallel: u32,
    /// Source blocks of a file sent at once.
    interleave: u8,
    codec: Codec,
    /// The FDT describes the files in transfer only.
    in_transfer: bool,
    /// The schema of TS 26.346, section L.6.
    l6: bool,
    toi_bits: u32,
    random_toi: bool,
    /// FLUTE version 1.
    version1: bool,
    /// Content encoding of the files.
    cenc: Cenc,
    /// EXT_CENC in the packets of the files.
    inband_cenc: bool,
    /// Content encoding of FDT Instances.
    fdt_cenc: Cenc,
    /// Transfers of each file.
    repeat: u32,
    /// How long to go on with FDT Instances when the files are sent.
    linger: Duration,
    files: Vec<PathBuf>,
}

/// A content encoding, by the names that flute-node gives them.
fn cenc(name: &str) -> Result<Cenc, Failure> {
    Ok(match name {
        "null" => Cenc::Null,
        "zlib" => Cenc::Zlib,
        "deflate" => Cenc::Deflate,
        "gzip" => Cenc::Gzip,
        other => return Err(format!("no content encoding {other}").into()),
    })
}

impl Options {
    pub fn parse(mut args: Parser) -> Result<Options, Failure> {
        let mut o = Options {
            to: SocketAddrV4::new(LOOPBACK, 0),
            tsi: 1,
            rate: 100.0,
            parallel: 3,
            interleave: 1,
            codec: Codec::default(),
            in_transfer: false,
            l6: false,
            toi_bits: 112,
            random_toi: false,
            version1: false,
            cenc: Cenc::Null,
            inband_cenc: false,
            fdt_cenc: Cenc::Null,
            repeat: 1,
            linger: Duration::ZERO,
            files: Vec::new(),
        };
        while let Some(arg) = args.next()? {
            let name = match arg {
                Arg::Long(name) => name.to_string(),
                Arg::Value(file) => {
                    o.files.push(file.into());
                    continue;
                }
                other => return Err(other.unexpected().into()),
            };
            match name.as_str() {
                "to" => o.to = group(&mut args)?,
                "tsi" => o.tsi = value(&mut args)?,
                "rate" => o.rate = value(&mut args)?,
                "parallel" => o.parallel = value(&mut args)?,
                "interleave" => o.interleave = value(&mut args)?,
                "fdt-mode" => o.in_transfer = value::<String>(&mut args)? == "transfer",
                "l6" => o.l6 = true,
                "toi-bits" => o.toi_bits = value(&mut args)?,
                "first-toi" => o.random_toi = value::<String>(&mut args)? == "random",
                "profile" => o.version1 = value::<String>(&mut args)? == "rfc3926",
                "cenc" => o.cenc = cenc(&value::<String>(&mut args)?)?,
                "inband-cenc" => o.inband_cenc = true,
                "fdt-cenc" => o.fdt_cenc = cenc(&value::<String>(&mut args)?)?,
                "repeat" => o.repeat = value(&mut args)?,
                "linger" => o.linger = seconds(&mut args)?,
                other if o.codec.option(other, &mut args)? => {}
                other => return Err(format!("no option --{other}").into()),
            }
        }
        if o.to.port() == 0 || o.files.is_empty() {
            return Err("send wants --to GROUP:PORT and files".into());
        }
        Ok(o)
    }
}

/// How long to wait when the sender has nothing to send now.
const IDLE: Duration = Duration::from_millis(2);

/// Sends each file as often as told and returns. Like the crate's own command line it starts with a packet that closes the session
/// that may have been there before.
pub fn run(o: Options) -> Result<(), Failure> {
    let mut config = Config { interleave_blocks: o.interleave, fdt_cenc: o.fdt_cenc, ..Default::default() };
    if o.version1 {
        config.profile = Profile::RFC3926;
    }
    if o.in_transfer {
        config.fdt_publish_mode = FDTPublishMode::ObjectsBeingTransferred;
    }
    if o.l6 {
        config.fdt_xml_profile = FdtXmlProfile::Ts26346L6;
    }
    config.toi_max_length = match o.toi_bits {
        16 => TOIMaxLength::ToiMax16,
        32 => TOIMaxLength::ToiMax32,
        48 => TOIMaxLength::ToiMax48,
        64 => TOIMaxLength::ToiMax64,
        80 => TOIMaxLength::ToiMax80,
        _ => TOIMaxLength::ToiMax112,
    };
    if o.random_toi {
        config.toi_initial_value = None;
    }
    config.set_priority_queue(PriorityQueue::HIGHEST, PriorityQueue::new(o.parallel));
    let endpoint = UDPEndpoint::new(None, o.to.ip().to_string(), o.to.port());
    let mut sender = Sender::new(endpoint, o.tsi, &o.codec.oti()?, &config);
    for path in &o.files {
        let object = CreateFromFile::builder()
            .path(path.clone())
            .content_type("application/octet-stream".into())
            .config(TransferConfig {
                max_transfer_count: o.repeat,
                cenc: o.cenc,
                inband_cenc: o.inband_cenc,
                ..Default::default()
            })
            .build()
            .create()
            .map_err(|e| format!("{}: {}", path.display(), e.0))?;
        sender.add_object(PriorityQueue::HIGHEST, object).map_err(|e| format!("{}: {}", path.display(), e.0))?;
    }
    sender.publish(SystemTime::now()).map_err(|e| e.0)?;

    // A source address on the interface makes the kernel send multicast through it.
    let socket = UdpSocket::bind((LOOPBACK, 0))?;
    socket.connect(o.to)?;
    socket.send(&sender.read_close_session(SystemTime::now()))?;
    let mut pace = Pace::new(o.rate * 1e6);
    let (mut packets, mut bytes) = (0usize, 0usize);
    let mut busy = Instant::now();
    while sender.nb_objects() > 0 || busy.elapsed() < o.linger {
        if sender.nb_objects() > 0 {
            busy = Instant::now();
        }
        let Some(packet) = sender.read(SystemTime::now()) else {
            thread::sleep(IDLE);
            continue;
        };
        pace.wait(packet.len());
        socket.send(&packet)?;
        packets += 1;
        bytes += packet.len();
    }
    println!("sent {} files in {packets} packets, {bytes} bytes", o.files.len());
    Ok(())
}
