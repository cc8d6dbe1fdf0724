//! Pictures: without what tells where they were taken, and smaller ones for the page and for models.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use img_parts::ImageEXIF as _;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::webp::{CHUNK_EXIF, CHUNK_XMP, WebP};
use store::files::{Content, Variant};

use super::{Refused, gif};

/// Longest side of a picture that is decoded at all.
const MAX_SIDE: u32 = 16_384;
/// Memory that decoding one may take: 64 million pixels.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// Longest side of a thumbnail; the page shows it at half of that, for screens with two pixels to one.
const THUMBNAIL_SIDE: u32 = 480;
/// A picture of no more bytes and sides is its own thumbnail.
const MAX_THUMBNAIL_BYTES: usize = 64 * 1024;

/// Longest side that models take also when a conversation has many pictures; larger ones they refuse or shrink.
const MODEL_SIDE: u32 = 2000;
/// Models take 5 MB of base64.
const MAX_MODEL_BYTES: usize = 3_500_000;

const PHOTO_QUALITY: u8 = 85;

type Prepared = (Vec<u8>, Vec<(Variant, Content)>);

/// The picture as it is stored, and its smaller variants where they are needed.
pub(super) fn prepare(format: ImageFormat, data: Vec<u8>) -> Result<Prepared, Refused> {
    let (picture, orientation) = decode(format, &data)?;
    let data = without_metadata(format, data, orientation)?;
    let mut variants = Vec::new();
    let side = picture.width().max(picture.height());
    if side > THUMBNAIL_SIDE || data.len() > MAX_THUMBNAIL_BYTES {
        let small = picture.thumbnail(THUMBNAIL_SIDE.min(side), THUMBNAIL_SIDE.min(side));
        variants.push((Variant::Thumbnail, photo_or_png(&small)?));
    }
    if side > MODEL_SIDE || data.len() > MAX_MODEL_BYTES {
        variants.push((Variant::Model, for_model(&picture, side)?));
    }
    Ok((data, variants))
}

/// The pixels, the right way up, and how they lay.
fn decode(format: ImageFormat, data: &[u8]) -> Result<(DynamicImage, Orientation), Refused> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(data), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(Refused::Picture("it has too many pixels".to_owned()));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok((picture, orientation))
}

fn refused(error: image::ImageError) -> Refused {
    Refused::Picture(match error {
        image::ImageError::Limits(_) => "it has too many pixels".to_owned(),
        other => other.to_string(),
    })
}

/// The same picture without comments, places, devices and names; how it lies stays.
fn without_metadata(
    format: ImageFormat,
    data: Vec<u8>,
    orientation: Orientation,
) -> Result<Vec<u8>, Refused> {
    let broken = |error: img_parts::Error| Refused::Picture(error.to_string());
    let exif = (orientation != Orientation::NoTransforms).then(|| exif_of(orientation));
    let bytes = Bytes::from(data);
    Ok(match format {
        ImageFormat::Jpeg => {
            let mut picture = Jpeg::from_bytes(bytes).map_err(broken)?;
            picture.segments_mut().retain(is_of_the_picture);
            picture.set_exif(exif);
            picture.encoder().bytes().to_vec()
        }
        ImageFormat::Png => {
            const SAID: [&[u8; 4]; 5] = [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"];
            let mut picture = Png::from_bytes(bytes).map_err(broken)?;
            picture
                .chunks_mut()
                .retain(|chunk| !SAID.contains(&&chunk.kind()));
            picture.set_exif(exif);
            picture.encoder().bytes().to_vec()
        }
        ImageFormat::WebP => {
            let mut picture = WebP::from_bytes(bytes).map_err(broken)?;
            picture.remove_chunks_by_id(CHUNK_XMP);
            if picture.has_chunk(CHUNK_EXIF) {
                picture.set_exif(exif);
            }
            picture.encoder().bytes().to_vec()
        }
        ImageFormat::Gif => gif::without_metadata(&bytes),
        _ => bytes.to_vec(),
    })
}

/// Whether a segment is needed to show the picture: not one for programs (but for its colours), nor a comment.
fn is_of_the_picture(segment: &JpegSegment) -> bool {
    match segment.marker() {
        markers::APP0 | markers::APP14 => true,
        markers::APP2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
        markers::APP1 | markers::APP3..=markers::APP13 | markers::APP15 | markers::COM => false,
        _ => true,
    }
}

/// Exif 2.32, 4.6: a little-endian header and a directory of one entry, the orientation.
fn exif_of(orientation: Orientation) -> Bytes {
    let mut exif = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend_from_slice(&[orientation.to_exif(), 0, 0, 0, 0, 0, 0, 0]);
    Bytes::from(exif)
}

/// As large as models take it. Words stay sharp where there is room for that.
fn for_model(picture: &DynamicImage, side: u32) -> Result<Content, Refused> {
    let scaled;
    let picture = if side > MODEL_SIDE {
        scaled = picture.resize(
            MODEL_SIDE,
            MODEL_SIDE,
            image::imageops::FilterType::CatmullRom,
        );
        &scaled
    } else {
        picture
    };
    let exact = png(picture)?;
    if exact.data.len() <= MAX_MODEL_BYTES {
        return Ok(exact);
    }
    photo(picture)
}

/// What is opaque as a photograph, the rest as PNG.
fn photo_or_png(picture: &DynamicImage) -> Result<Content, Refused> {
    if picture.color().has_alpha() {
        png(picture)
    } else {
        photo(picture)
    }
}

fn png(picture: &DynamicImage) -> Result<Content, Refused> {
    let mut data = Vec::new();
    let picture = DynamicImage::from(picture.to_rgba8());
    picture
        .write_to(&mut Cursor::new(&mut data), ImageFormat::Png)
        .map_err(refused)?;
    Ok(Content {
        media_type: "image/png".to_owned(),
        data,
    })
}

fn photo(picture: &DynamicImage) -> Result<Content, Refused> {
    let mut data = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut data, PHOTO_QUALITY);
    picture
        .to_rgb8()
        .write_with_encoder(encoder)
        .map_err(refused)?;
    Ok(Content {
        media_type: "image/jpeg".to_owned(),
        data,
    })
}
