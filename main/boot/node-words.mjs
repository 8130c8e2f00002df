/**
 * How Node.js runs the product. A line of boards makes much that lives for a moment; with V8's usual nursery (16 MB twice, growing to 48)
 * the heap of each thread grows to what it may have, with 32 fixtures to more than 400 MB in all. With half of it nothing grows.
 */
export const nodeWords = ['--max-semi-space-size=8'];
