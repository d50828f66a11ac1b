//! The picture of the page on docs/ui.md. Letters look different with other fonts, so that pixels are not compared: the picture
//! holds the digest of the page that it was drawn of, and is made anew when there is another page.

use std::fs;

use crate::harness::Harness;
use crate::process::{fail, write_below};
use crate::ui::Served;

use super::page::Page;

const PICTURE: &str = "docs/pictures/ui.png";

/// The request that is in its box.
const REQUEST: &str = "http://shop.example.com:8080/api/cart -H 'version: v2'";

/// What stands before the digest.
const NAME: &str = "gwctl page";

pub(super) fn check(harness: &Harness) -> Result<(), String> {
    let root = harness.testdata().with_file_name("");
    let work = harness.work_directory("browser-picture")?;
    for file in ["gateway.yaml", "shop.yaml"] {
        let text = fs::read_to_string(root.join("docs/example").join(file)).map_err(fail)?;
        write_below(&work, &format!("docs/example/{file}"), &text)?;
    }
    let ui = Served::start_on(harness, &work, "docs/example", &[])?;
    let (_, answer) = ui.get("/")?;
    let (_, page) = answer.split_once("\r\n\r\n").ok_or("no page")?;
    let digest = ring::digest::digest(&ring::digest::SHA256, page.as_bytes());
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let own = chunk(format!("{NAME}\0{digest}").as_bytes());
    let now = fs::read(root.join(PICTURE)).unwrap_or_default();
    if now.windows(own.len()).any(|part| part == own) {
        return Ok(());
    }
    if std::env::var_os("INSTA_UPDATE").is_none() {
        return Err(format!("{PICTURE} shows another page; GWCTL_UPDATE=1 draws it"));
    }
    let address = format!("http://{}/", ui.address);
    let mut seen = Page::open(harness.chromium()?, &work, &address, &address)?;
    seen.size(1280, 520)?;
    seen.click("document.getElementById('request')")?;
    seen.write(REQUEST)?;
    seen.press("Enter")?;
    seen.wait("document.querySelector('.e.way') !== null")?;
    let mut drawn = seen.drawn()?;
    seen.is_quiet()?;
    // Behind the signature and the first chunk, of 13 bytes with 12 around them.
    drawn.splice(33..33, own);
    fs::write(root.join(PICTURE), drawn).map_err(fail)
}

/// A text in a picture ([PNG](https://www.w3.org/TR/png-3/#11tEXt)).
fn chunk(text: &[u8]) -> Vec<u8> {
    let named = [b"tEXt", text].concat();
    let length = u32::try_from(text.len()).unwrap_or_default();
    [&length.to_be_bytes()[..], &named, &check_of(&named).to_be_bytes()].concat()
}

/// The check of a chunk: the CRC of 32 bits that PNG shares with Ethernet.
fn check_of(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}
