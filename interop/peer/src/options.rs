//! What the options of the subcommands have in common.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

/// Any failure, told to the user as text.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The subcommand.
pub fn word(args: &mut Parser) -> Option<String> {
    match args.next() {
        Ok(Some(Arg::Value(v))) => v.into_string().ok(),
        _ => None,
    }
}

/// The value of the option that was just read.
pub fn value<T>(args: &mut Parser) -> Result<T, Failure>
where
    T: std::str::FromStr,
    T::Err: Into<Failure>,
{
    Ok(args.value()?.parse()?)
}

/// A list of numbers, separated by commas.
pub fn list(args: &mut Parser) -> Result<Vec<usize>, Failure> {
    let text: String = value(args)?;
    text.split(',').map(|n| Ok(n.parse()?)).collect()
}

pub fn seconds(args: &mut Parser) -> Result<Duration, Failure> {
    Ok(Duration::try_from_secs_f64(value(args)?)?)
}

/// GROUP:PORT.
pub fn group(args: &mut Parser) -> Result<SocketAddrV4, Failure> {
    let address: SocketAddrV4 = value(args)?;
    if !IpAddr::from(*address.ip()).is_multicast() {
        return Err(format!("{address} is no multicast group").into());
    }
    Ok(address)
}

pub const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
