//! Chance that repeats itself: the same seed gives the same account, on every machine.

/// The splitmix64 generator of Steele, Lea and Flood (OOPSLA 2014). Made for seeding, not for
/// secrets; it is a page shorter than a dependency.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..end`; 0 if `end` is 0. The bias of the remainder does not matter here.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or(0)
    }

    /// True `percent` times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len() as u64) as usize;
        &items[index]
    }

    /// Keeps a random `count` of `items`, in random order; all of them if there are no more.
    pub fn draw<T>(&mut self, items: &mut Vec<T>, count: usize) {
        let count = count.min(items.len());
        for place in 0..count {
            let rest = (items.len() - place) as u64;
            items.swap(place, place + self.below(rest) as usize);
        }
        items.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn follows_the_published_sequence() {
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.roll(), 6_457_827_717_110_365_317);
        assert_eq!(dice.roll(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_without_repeating() {
        let mut items: Vec<u32> = (0..50).collect();
        Dice::new(7).draw(&mut items, 20);
        items.sort_unstable();
        items.dedup();
        assert_eq!(items.len(), 20);
    }
}
