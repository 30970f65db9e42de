package attachment

// Decoding is what everybody waits for who decodes a picture.
var Decoding = decoding
