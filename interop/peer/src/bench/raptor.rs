//! Crate `raptor-code`, the codec inside crate `flute`: one source block, N = 1.

use raptor_code::{SourceBlockDecoder, SourceBlockEncoder};

use super::loss::{Random, count};
use super::{Case, Options, measure};
use crate::options::Failure;

const PEER: &str = "raptor-code 1.0.12";
const SIZES: [usize; 3] = [10, 100, 1000];
const MAX_K: usize = 8192;
/// Repair symbols beyond the lost ones. Raptor needs more of them than RaptorQ; the decoder stops when it has enough.
const SPARE: usize = 16;

pub fn run(o: &Options) -> Result<(), Failure> {
    o.sizes("raptor", &SIZES, MAX_K).into_iter().filter(|&k| k >= 4).try_for_each(|k| block(o, k))
}

fn block(o: &Options, k: usize) -> Result<(), Failure> {
    let data = Random::new().bytes(k * o.symbol);
    let repair = o.repair_of(k);
    let case = |operation, loss, repair| Case {
        peer: PEER,
        layer: "codec",
        scheme: "raptor",
        k,
        symbol: o.symbol,
        operation,
        loss,
        repair,
    };
    let encode = |repair: usize| {
        let mut encoder = SourceBlockEncoder::new(&data, k).expect("a valid K");
        (k..k + repair).map(|esi| encoder.fountain(esi as u32)).collect::<Vec<_>>()
    };
    measure(o, &case("encode", 0.0, repair), data.len(), || (), |()| encode(repair));

    // With nothing lost crate flute does without the codec, which has no shorter way.
    for loss in [0.01, 0.05, 0.2, 1.0] {
        let lost = count(k, loss);
        let arrives = Random::new().arrivals(k, loss);
        let source = data.chunks(o.symbol).enumerate().filter(|(i, _)| arrives[*i]);
        let made = encode(lost + SPARE);
        let mut received: Vec<(u32, &[u8])> = source.map(|(i, s)| (i as u32, s)).collect();
        received.extend(made.iter().enumerate().map(|(i, s)| ((k + i) as u32, s.as_slice())));
        let decode = |received: &[(u32, &[u8])]| {
            let mut decoder = SourceBlockDecoder::new(k);
            let mut taken = 0;
            for &(esi, symbol) in received {
                decoder.push_encoding_symbol(symbol, esi);
                taken += 1;
                if taken >= k && decoder.fully_specified() {
                    break;
                }
            }
            (taken, decoder.decode(data.len()).expect("enough symbols"))
        };
        let (taken, decoded) = decode(&received);
        if decoded != data {
            return Err(format!("raptor-code, K = {k}: other bytes").into());
        }
        measure(o, &case("decode", loss, taken + lost - k), data.len(), || received.as_slice(), decode);
    }
    Ok(())
}
