// A provider that doubles numbers below a limit.
module.exports = class {
  constructor(options) {
    this.label = options.label;
    this.right = options.config.right;
  }
  id() {
    return `scripted:${this.label}`;
  }
  async callApi(prompt) {
    const number = parseInt(prompt.split(" ")[2], 10);
    return { output: number < this.right ? String(2 * number) : "7" };
  }
};
