//! Numbers that look random and are the same every time: chance from a seed, marks from a text.

use sha2::Digest;
use sha2::Sha256;

/// A well-stirred number for each input (SplitMix64's finaliser).
pub fn stir(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `draw`-th roll of the dice that `seed` stands for: at least 0, below 1.
pub fn roll(seed: u64, draw: u64) -> f64 {
    let bits = stir(stir(seed).wrapping_add(draw)) >> 11;
    // 53 bits are what an f64 holds exactly.
    bits as f64 / (1_u64 << 53) as f64
}

/// A mark of a text that no other text is likely to have; the same on every machine.
pub fn mark(text: impl AsRef<[u8]>) -> u64 {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolls_are_spread_evenly_and_repeat() {
        let below = (0..10_000).filter(|draw| roll(7, *draw) < 0.3).count();
        assert!((2_800..3_200).contains(&below), "{below}");
        assert_eq!(roll(7, 3).to_bits(), roll(7, 3).to_bits());
        assert_ne!(roll(7, 3).to_bits(), roll(8, 3).to_bits());
    }

    #[test]
    fn a_mark_is_the_head_of_the_sha256() {
        assert_eq!(mark("abc"), 0xba78_16bf_8f01_cfea);
    }
}
