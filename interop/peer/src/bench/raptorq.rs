//! Crate `raptorq`: one source block, N = 1.

use raptorq::{
    EncodingPacket, ObjectTransmissionInformation, SourceBlockDecoder, SourceBlockEncoder, SourceBlockEncodingPlan,
};

use super::loss::{Random, count};
use super::{Case, Options, SIZES, measure};
use crate::options::Failure;

const PEER: &str = "raptorq 2.0.1";
const MAX_K: usize = 56403;
/// Repair symbols beyond the lost ones: with two, one of a million blocks fails.
const SPARE: usize = 2;

pub fn run(o: &Options) -> Result<(), Failure> {
    o.sizes("raptorq", &SIZES, MAX_K).into_iter().try_for_each(|k| block(o, k))
}

fn block(o: &Options, k: usize) -> Result<(), Failure> {
    let data = Random::new().bytes(k * o.symbol);
    let config = ObjectTransmissionInformation::new(0, o.symbol as u16, 0, 1, 1);
    let repair = o.repair_of(k);
    let case = |operation, loss, repair| Case {
        peer: PEER,
        layer: "codec",
        scheme: "raptorq",
        k,
        symbol: o.symbol,
        operation,
        loss,
        repair,
    };

    let plan = SourceBlockEncodingPlan::generate(k as u16);
    let encode = |plan: &SourceBlockEncodingPlan| {
        let encoder = SourceBlockEncoder::with_encoding_plan(0, &config, &data, plan);
        let packets = encoder.repair_packets(0, repair as u32);
        (encoder, packets)
    };
    measure(o, &case("encode", 0.0, repair), data.len(), || (), |()| encode(&plan));
    // SourceBlockEncoder::new keeps plans by itself: a plan of one's own is what a first block costs.
    let cold = |()| encode(&SourceBlockEncodingPlan::generate(k as u16));
    measure(o, &case("encode_cold", 0.0, repair), data.len(), || (), cold);

    let encoder = SourceBlockEncoder::with_encoding_plan(0, &config, &data, &plan);
    let source = encoder.source_packets();
    let decode = |packets: Vec<EncodingPacket>| {
        SourceBlockDecoder::new(0, &config, data.len() as u64).decode(packets).expect("enough symbols")
    };
    for loss in [0.0, 0.01, 0.05, 0.2, 1.0] {
        let lost = count(k, loss);
        let repair = if lost == 0 { 0 } else { lost + SPARE };
        let arrives = Random::new().arrivals(k, loss);
        let mut received: Vec<_> = source.iter().zip(arrives).filter(|(_, a)| *a).map(|(p, _)| p.clone()).collect();
        received.extend(encoder.repair_packets(0, repair as u32));
        if decode(received.clone()) != data {
            return Err(format!("raptorq, K = {k}: other bytes").into());
        }
        measure(o, &case("decode", loss, repair), data.len(), || received.clone(), decode);
    }
    Ok(())
}
