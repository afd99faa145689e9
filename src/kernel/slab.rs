//! Values in slots that are used again: memory is what is held at once.

use std::ops::{Index, IndexMut};

/// Values by the number of their slot. A free slot keeps its last value until it is used again.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value into a slot, the one freed last if there is one. Cost: a push.
    #[inline]
    pub fn put(&mut self, value: T) -> u32 {
        self.put_after(|_| value)
    }

    /// [`Slab::put`] of a value that takes something over from the last one of its slot, such as a count of uses.
    #[inline]
    pub fn put_after(&mut self, make: impl FnOnce(Option<&T>) -> T) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                *place = make(Some(place));
                slot
            }
            None => {
                self.slots.push(make(None));
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 at once")
            }
        }
    }

    /// Frees a slot. Freed twice, it would be given to two: who frees knows that it is held.
    #[inline]
    pub fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// How many slots are held.
    #[inline]
    pub fn held(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, slot: u32) -> &T {
        &self.slots[slot as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.slots[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_slot_is_used_again_and_can_count_its_uses() {
        let mut slab = Slab::default();
        let (a, b) = (slab.put((0, 'a')), slab.put((0, 'b')));
        assert_eq!((a, b, slab.held()), (0, 1, 2));
        slab.free(a);
        assert_eq!(slab.held(), 1);
        let c = slab.put_after(|last| (last.map_or(0, |(uses, _)| uses + 1), 'c'));
        assert_eq!((c, slab[c], slab[b]), (0, (1, 'c'), (0, 'b')));
    }
}
