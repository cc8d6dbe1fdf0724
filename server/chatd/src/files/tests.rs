//! Pictures as cameras and hostile people make them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder as _, ImageFormat, Rgb, RgbImage};
use store::files::Variant;

use super::*;

/// Where it was taken, as cameras write it: Exif with an orientation of "turn right", and a place in words.
const PLACE: &[u8] = b"GPSLatitude 52.5163";

fn exif_with_place() -> Vec<u8> {
    let mut exif = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(PLACE);
    exif
}

/// Red on the left, blue on the right.
fn two_colours(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([250, 0, 0])
        } else {
            Rgb([0, 0, 250])
        }
    })
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut data = Vec::new();
    let picture = DynamicImage::from(picture.clone());
    picture
        .write_to(&mut Cursor::new(&mut data), format)
        .unwrap();
    data
}

fn photo_of_a_place() -> Vec<u8> {
    let picture = two_colours(64, 32);
    let mut data = Vec::new();
    let mut encoder = JpegEncoder::new(&mut data);
    encoder.set_exif_metadata(exif_with_place()).unwrap();
    encoder
        .write_image(picture.as_raw(), 64, 32, image::ExtendedColorType::Rgb8)
        .unwrap();
    data
}

fn contains(data: &[u8], needle: &[u8]) -> bool {
    data.windows(needle.len()).any(|window| window == needle)
}

fn variant(file: &NewFile, wanted: Variant) -> Option<DynamicImage> {
    let (_, content) = file
        .variants
        .iter()
        .find(|(variant, _)| *variant == wanted)?;
    Some(image::load_from_memory(&content.data).unwrap())
}

#[tokio::test]
async fn a_photo_loses_its_place_and_keeps_its_way_up() {
    let original = photo_of_a_place();
    assert!(contains(&original, PLACE));
    let file = accept("a.jpg", Some("image/jpeg"), original).await.unwrap();
    assert!(!contains(&file.content.data, PLACE));
    let reader =
        image::ImageReader::with_format(Cursor::new(&file.content.data), ImageFormat::Jpeg);
    let mut decoder = reader.into_decoder().unwrap();
    let orientation = image::ImageDecoder::orientation(&mut decoder).unwrap();
    assert_eq!(orientation, image::metadata::Orientation::Rotate90);
}

#[tokio::test]
async fn text_inside_of_a_png_goes() {
    let mut picture =
        img_parts::png::Png::from_bytes(encoded(&two_colours(8, 8), ImageFormat::Png).into())
            .unwrap();
    for kind in [*b"tEXt", *b"iTXt", *b"eXIf"] {
        picture
            .chunks_mut()
            .insert(1, img_parts::png::PngChunk::new(kind, PLACE.into()));
    }
    let original = picture.encoder().bytes().to_vec();
    assert!(contains(&original, PLACE));
    let file = accept("a.png", None, original).await.unwrap();
    assert!(!contains(&file.content.data, PLACE));
    assert_eq!(
        image::load_from_memory(&file.content.data)
            .unwrap()
            .into_rgb8(),
        two_colours(8, 8)
    );
}

#[tokio::test]
async fn a_webp_loses_what_was_said_in_it() {
    use img_parts::ImageEXIF as _;
    let data = encoded(&two_colours(8, 8), ImageFormat::WebP);
    let mut picture = img_parts::webp::WebP::from_bytes(data.into()).unwrap();
    picture.set_exif(Some(exif_with_place().into()));
    let original = picture.encoder().bytes().to_vec();
    assert!(contains(&original, PLACE));
    let file = accept("a.webp", None, original).await.unwrap();
    assert!(!contains(&file.content.data, PLACE));
    assert!(image::load_from_memory(&file.content.data).is_ok());
}

#[tokio::test]
async fn a_gif_loses_what_was_said_in_it_and_goes_on_moving() {
    let frames = [two_colours(8, 8), two_colours(8, 4), two_colours(8, 8)];
    let frames = frames.map(|frame| image::Frame::new(DynamicImage::from(frame).into_rgba8()));
    let mut data = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut data);
    encoder
        .set_repeat(image::codecs::gif::Repeat::Infinite)
        .unwrap();
    encoder.encode_frames(frames).unwrap();
    drop(encoder);
    let frames_of = |data: &[u8]| {
        let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(data)).unwrap();
        let frames = image::AnimationDecoder::into_frames(decoder);
        let frames = frames.map(|frame| frame.unwrap().into_buffer());
        frames.collect::<Vec<_>>()
    };
    let pictures = frames_of(&data);
    assert_eq!(pictures.len(), 3);

    let said = |label: u8, name: &[u8]| {
        let mut block = vec![0x21, label];
        for text in [name, PLACE] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text);
        }
        block.push(0);
        block
    };
    // Behind the colours of the screen, as programs write it; and behind the end, where nobody looks.
    let colours = if data[10] & 0x80 == 0 {
        0
    } else {
        3 << ((data[10] & 7) + 1)
    };
    let mut original = data.clone();
    let talk = [said(0xff, b"XMP DataXMP"), said(0xfe, b"a comment")];
    original.splice(13 + colours..13 + colours, talk.concat());
    original.extend_from_slice(PLACE);
    assert_eq!(frames_of(&original), pictures);

    let file = accept("a.gif", None, original).await.unwrap();
    assert!(!contains(&file.content.data, PLACE));
    assert!(contains(&file.content.data, b"NETSCAPE2.0"));
    assert_eq!(frames_of(&file.content.data), pictures);
}

#[tokio::test]
async fn large_pictures_get_smaller_ones_the_right_way_up() {
    let picture = two_colours(2600, 1300);
    let mut data = Vec::new();
    let mut encoder = JpegEncoder::new(&mut data);
    encoder.set_exif_metadata(exif_with_place()).unwrap();
    encoder
        .write_image(picture.as_raw(), 2600, 1300, image::ExtendedColorType::Rgb8)
        .unwrap();
    let file = accept("a.jpg", None, data).await.unwrap();
    let thumbnail = variant(&file, Variant::Thumbnail).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (240, 480));
    let for_model = variant(&file, Variant::Model).unwrap();
    assert_eq!((for_model.width(), for_model.height()), (1000, 2000));
    // Turned right, the left half is the upper one.
    let pixels = for_model.into_rgb8();
    assert!(pixels.get_pixel(500, 100)[0] > 200 && pixels.get_pixel(500, 1900)[2] > 200);
}

#[tokio::test]
async fn a_small_picture_is_its_own_thumbnail() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Jpeg,
    ] {
        let file = accept("a", None, encoded(&two_colours(40, 40), format))
            .await
            .unwrap();
        assert_eq!(file.variants, Vec::new(), "{format:?}");
    }
}

#[tokio::test]
async fn a_picture_of_many_pixels_in_few_bytes_is_not_decoded() {
    // 20,000 by 20,000, as its header says.
    let mut picture =
        img_parts::png::Png::from_bytes(encoded(&two_colours(8, 8), ImageFormat::Png).into())
            .unwrap();
    let mut header = picture.chunks()[0].contents().to_vec();
    header[..8].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    picture.chunks_mut()[0] = img_parts::png::PngChunk::new(*b"IHDR", header.into());
    let bomb = picture.encoder().bytes().to_vec();
    let refused = accept("a.png", None, bomb).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The picture cannot be read: it has too many pixels."
    );
}

#[tokio::test]
async fn what_is_cut_off_is_refused() {
    let whole = encoded(&two_colours(200, 200), ImageFormat::Png);
    let half = whole[..whole.len() / 2].to_vec();
    assert!(matches!(
        accept("a.png", None, half).await,
        Err(Refused::Picture(_))
    ));
}

#[tokio::test]
async fn bounds_hold() {
    assert_eq!(accept("a.txt", None, Vec::new()).await, Err(Refused::Empty));
    let most = usize::try_from(MAX_FILE_BYTES).unwrap();
    assert_eq!(
        accept("a.txt", None, vec![b'a'; most + 1]).await,
        Err(Refused::TooLarge)
    );
    assert!(accept("a.txt", None, vec![b'a'; most]).await.is_ok());
    assert_eq!(accept("/", None, vec![b'a']).await, Err(Refused::Nameless));
}
