//! Pictures of the screen: scaled to the size that is asked for, as PNG.

use image::{RgbImage, imageops};

use crate::protocol::DesktopSize;

/// A picture in red, green and blue, a byte each.
pub struct Picture {
    /// Its size.
    pub size: DesktopSize,
    /// Row after row.
    pub pixels: Vec<u8>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The pixels are not as many as the size says.
    #[error("the screen's picture is incomplete: {0} bytes are not enough for its size")]
    Incomplete(usize),
    /// It cannot be written.
    #[error("the screen's picture cannot be written: {0}")]
    Write(#[from] png::EncodingError),
}

impl Picture {
    /// In another size; small letters stay readable.
    pub fn scaled(self, size: DesktopSize) -> Result<Self, PictureError> {
        if size == self.size {
            return Ok(self);
        }
        let DesktopSize { width, height } = self.size;
        let bytes = self.pixels.len();
        let whole = RgbImage::from_raw(width, height, self.pixels)
            .ok_or(PictureError::Incomplete(bytes))?;
        let filter = imageops::FilterType::CatmullRom;
        Ok(Self {
            size,
            pixels: imageops::resize(&whole, size.width, size.height, filter).into_raw(),
        })
    }

    /// As a file.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.width, self.size.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn a_scaled_picture_shows_the_same_and_can_be_read_back() {
        let size = DesktopSize {
            width: 60,
            height: 40,
        };
        // The left half red, the right one blue.
        let row: Vec<u8> = [[255, 0, 0].repeat(30), [0, 0, 255].repeat(30)].concat();
        let picture = Picture {
            size,
            pixels: row.repeat(40),
        };
        let half = DesktopSize {
            width: 30,
            height: 20,
        };
        let file = picture.scaled(half).unwrap().png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (30, 20));
        assert_eq!(&pixels[..3], [255, 0, 0]);
        assert_eq!(&pixels[pixels.len() - 3..], [0, 0, 255]);
    }

    #[test]
    fn pixels_that_are_missing_are_told() {
        let picture = Picture {
            size: DesktopSize::NATIVE,
            pixels: vec![0; 3],
        };
        let declared = DesktopSize::NATIVE.declared();
        assert!(matches!(
            picture.scaled(declared),
            Err(PictureError::Incomplete(_))
        ));
    }
}
