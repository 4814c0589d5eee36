//! What the header of a program says: for which machine it is, and which loader it wants (elf(5)).

/// What a program is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elf {
    /// The machine's number in the header.
    machine: u16,
    /// The path of its loader; none if it was linked statically, or the header is not one of 64 bits.
    pub(super) loader: Option<String>,
}

impl Elf {
    /// Reads the start of a file; none if it is no program of this kind.
    pub(super) fn read(start: &[u8]) -> Option<Self> {
        let header = start.strip_prefix(b"\x7fELF").map(|_| start)?;
        let is_wide = *header.get(4)? == 2;
        let is_little = *header.get(5)? == 1;
        let number = |at: usize, length: usize| {
            let octets = header.get(at..at.checked_add(length)?)?;
            let add = |sum: u64, octet: &u8| sum << 8 | u64::from(*octet);
            Some(if is_little { octets.iter().rev().fold(0, add) } else { octets.iter().fold(0, add) })
        };
        let machine = number(18, 2)? as u16;
        let loader = || {
            let (table, size, count) = (number(32, 8)? as usize, number(54, 2)? as usize, number(56, 2)? as usize);
            (0..count.min(SEGMENTS_MAX)).map(|nth| table.saturating_add(nth * size)).find_map(|at| {
                let kind = number(at, 4)?;
                let (offset, length) =
                    (number(at.checked_add(8)?, 8)? as usize, number(at.checked_add(32)?, 8)? as usize);
                let path = header.get(offset..offset.checked_add(length)?)?.strip_suffix(b"\0")?;
                (kind == SEGMENT_OF_LOADER).then(|| String::from_utf8_lossy(path).into_owned())
            })
        };
        Some(Self { machine, loader: if is_wide { loader() } else { None } })
    }

    /// Can a machine of this kind run it?
    pub(super) fn is_of_this_machine(&self) -> bool {
        match std::env::consts::ARCH {
            "x86_64" => matches!(self.machine, X86_64 | X86),
            "aarch64" => matches!(self.machine, AARCH64 | ARM),
            // Unknown: the kernel shall say.
            _ => true,
        }
    }

    /// The machine's name.
    pub(super) fn machine(&self) -> String {
        let known = MACHINES.iter().find(|(number, _)| *number == self.machine);
        known.map_or_else(|| format!("another machine (ELF machine {})", self.machine), |(_, name)| (*name).to_owned())
    }
}

const X86: u16 = 3;
const ARM: u16 = 40;
const X86_64: u16 = 62;
const AARCH64: u16 = 183;
const MACHINES: [(u16, &str); 9] = [
    (X86, "x86"),
    (8, "MIPS"),
    (20, "PowerPC"),
    (21, "64-bit PowerPC"),
    (22, "S/390"),
    (ARM, "ARM"),
    (X86_64, "x86-64"),
    (AARCH64, "64-bit ARM"),
    (243, "RISC-V"),
];
/// `PT_INTERP`.
const SEGMENT_OF_LOADER: u64 = 3;
/// More than any program has.
const SEGMENTS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_and_the_loader_are_read() {
        let shell = std::fs::read("/bin/sh").expect("there is a shell");
        let elf = Elf::read(&shell).expect("it is a program");
        assert!(elf.is_of_this_machine());
        assert!(elf.loader.as_deref().is_some_and(|loader| loader.starts_with("/lib")), "{elf:?}");
        let mut foreign = shell;
        foreign[18..20].copy_from_slice(&21_u16.to_le_bytes());
        let elf = Elf::read(&foreign).expect("it is a program");
        assert!(!elf.is_of_this_machine());
        assert_eq!(elf.machine(), "64-bit PowerPC");
    }

    #[test]
    fn what_is_cut_short_is_no_harm() {
        let shell = std::fs::read("/bin/sh").expect("there is a shell");
        for end in (0..200).chain([1000]) {
            _ = Elf::read(&shell[..end]);
        }
        let mut wild = shell[..1000].to_vec();
        wild[32..40].fill(0xff);
        assert_eq!(Elf::read(&wild).and_then(|elf| elf.loader), None);
        assert_eq!(Elf::read(b"#!/bin/sh\n"), None);
    }
}
