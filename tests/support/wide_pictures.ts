/** Data. Pictures of 3000 x 2 pixels in one blue, as other programs write them. */
export const WIDE_PICTURES = {
  gif:
    "R0lGODlhuAsCAIAAAExpcSBAgCH5BAUAAAAALAAAAAC4CwIAAAJVjI+py+0Po5y02ouz3rz7D4biSJbmiabqyrbuC8fyTNf2jef6zvf+DwwKh8Si8YhMKpfMpvMJjUqn1Kr1is1qt9yu9wsOi8fksvmMTqvX7Lb7DY8nCgA7",
  webp: "UklGRiQAAABXRUJQVlA4TBcAAAAvt0sAAAdQoIIUsP8BICH8ny9F9D9lBwA=",
} as const;
