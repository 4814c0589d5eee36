//! The three compressors behind one face: octets in, octets out, and a flush that leaves nothing inside.

use std::io::{self, Write};

use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use crate::coding::Coding;

/// One body that is being compressed.
pub(super) enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    /// For a body of this length, if that is known: a short one needs little memory.
    pub(super) fn new(coding: Coding, length: Option<u64>) -> io::Result<Self> {
        let window_bits = length.map_or(WINDOW_BITS_MAX, |length| {
            (u64::BITS - length.leading_zeros()).clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX)
        });
        Ok(match coding {
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            Coding::Brotli => {
                Self::Brotli(Box::new(CompressorWriter::new(Vec::new(), BUFFER_BYTES, BROTLI_QUALITY, window_bits)))
            }
            Coding::Zstd => {
                let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(window_bits)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// All of a body at once.
    pub(super) fn whole(coding: Coding, parts: &[&[u8]]) -> io::Result<Bytes> {
        let length = parts.iter().map(|part| part.len() as u64).sum();
        let mut encoder = Self::new(coding, Some(length))?;
        for part in parts {
            encoder.push(part)?;
        }
        encoder.finish()
    }

    /// Takes octets in.
    pub(super) fn push(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(octets),
            Self::Brotli(encoder) => encoder.write_all(octets),
            Self::Zstd(encoder) => encoder.write_all(octets),
        }
    }

    /// Lets out all that has been taken in.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.flush(),
            Self::Brotli(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }

    /// What has been let out until now.
    pub(super) fn take(&mut self) -> Bytes {
        let out = match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        std::mem::take(out).into()
    }

    /// The end of the body, and what has not been taken of it.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Zstd(encoder) => encoder.finish()?,
        }
        .into())
    }
}

// What others have by default, too, for answers made on the fly; more costs much and gains a few hundredths.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: u32 = 4;
const ZSTD_LEVEL: i32 = 3;
/// 256 KiB: how far back a repetition is found, and what bounds the memory of one stream.
const WINDOW_BITS_MAX: u32 = 18;
/// The least that both know.
const WINDOW_BITS_MIN: u32 = 10;
const BUFFER_BYTES: usize = 4096;
