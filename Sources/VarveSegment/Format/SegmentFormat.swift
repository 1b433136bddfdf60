// SegmentFormat.swift — the layout of a segment file; every number here is persistent.
//
//   preamble │ blocks and time columns, no gaps │ vector indexes and index pages │ top index │ footer
//
// preamble, 40 bytes:  8 magic · 2 version · 2 flags (0) · 4 zero · 16 file id · 8 XXH3-64 of the 32 before
// footer, 104 bytes:   8 top index offset · 8 top index bytes · 8 its XXH3-64 · 8 samples · 4 series · 4 entries ·
//                      8 first time · 8 last time · 8 lowest commit · 8 highest commit · 8 offset of the index ·
//                      4 top index bytes unpacked · 2 version · 2 flags (0) · 8 XXH3-64 of the 88 before · 8 magic
//
// The byte tables of blocks, pages and top index: SegmentFormat.md in the DocC catalog.

import VarveCodec

enum SegmentFormat {
    static let version: UInt16 = 1
    static let magic = Array("VARVESEG".utf8)
    static let endMagic = Array("VARVEEND".utf8)
    static let preambleBytes = 8 + 2 + 2 + 4 + 16 + 8
    static let footerBytes = 3 * 8 + 8 + 2 * 4 + 5 * 8 + 4 + 2 + 2 + 8 + 8
}
