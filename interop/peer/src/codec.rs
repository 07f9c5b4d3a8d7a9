//! The FEC schemes of crate `flute`, by the names that flute-node gives them.

use flute::core::Oti;
use lexopt::Parser;

use crate::options::{Failure, value};

/// What the options say of the FEC of files; the names and defaults are those of `flute-node send`.
#[derive(Debug, Clone)]
pub struct Codec {
    pub scheme: String,
    /// Bits of an element of the field, for scheme rs2.
    pub field_bits: u8,
    /// Bytes.
    pub symbol: u16,
    /// Source symbols of a source block at most.
    pub block: u16,
    /// Repair symbols of a source block, in percent of its source symbols.
    pub repair: f64,
    /// N.
    pub sub_blocks: u16,
    /// Al, bytes.
    pub alignment: u8,
}

impl Default for Codec {
    fn default() -> Self {
        Codec {
            scheme: "no-code".into(),
            field_bits: 8,
            symbol: 1400,
            block: 64,
            repair: 20.0,
            sub_blocks: 1,
            alignment: 4,
        }
    }
}

impl Codec {
    /// Takes an option of this name, if it has one.
    pub fn option(&mut self, name: &str, args: &mut Parser) -> Result<bool, Failure> {
        match name {
            "fec" => self.scheme = value(args)?,
            "field-bits" => self.field_bits = value(args)?,
            "symbol" => self.symbol = value(args)?,
            "block" => self.block = value(args)?,
            "repair" => self.repair = value(args)?,
            "sub-blocks" => self.sub_blocks = value(args)?,
            "alignment" => self.alignment = value(args)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The repair symbols of the largest block.
    pub fn parity(&self) -> u16 {
        (f64::from(self.block) * self.repair / 100.0 - 1e-9).ceil() as u16
    }

    pub fn oti(&self) -> Result<Oti, Failure> {
        let (e, b, p) = (self.symbol, self.block, self.parity());
        let byte = |n: u16| u8::try_from(n).map_err(|_| format!("{n} is too much for {}", self.scheme));
        let oti = match self.scheme.as_str() {
            "no-code" => Ok(Oti::new_no_code(e, b)),
            "rs" => Oti::new_reed_solomon_rs28(e, byte(b)?, byte(p)?),
            "rs129" => Oti::new_reed_solomon_rs28_under_specified(e, b, p),
            "rs2" => Oti::new_reed_solomon_rs2m(e, b, p, self.field_bits),
            "rs16" => Oti::new_reed_solomon_rs2m(e, b, p, 16),
            "raptor" => Oti::new_raptor(e, b, p, byte(self.sub_blocks)?, self.alignment),
            "raptorq" => Oti::new_raptorq(e, b, p, self.sub_blocks, self.alignment),
            other => return Err(format!("crate flute has no FEC scheme {other}").into()),
        };
        oti.map_err(|e| e.0.into())
    }
}
