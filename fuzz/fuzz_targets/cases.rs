#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gwctl_fuzz::cases(data));
