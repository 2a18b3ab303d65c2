// Runs in a browser: the texts of the page whose contrast with what is behind them is below WCAG's 4.5.
(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  function rgba(color) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }

  function luminance(color) {
    const [r, g, b] = rgba(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function behind(element) {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (rgba(backgroundColor)[3] > 0) return backgroundColor;
    }
    return 'white';
  }

  function hasText(element) {
    return [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
  }

  return [...document.querySelectorAll('body *:not(script, style, noscript)')]
    .filter(hasText)
    .flatMap((element) => {
      const [ink, paper] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      return contrast < 4.5 ? [`${element.tagName} ${element.textContent}: ${contrast.toFixed(1)}`] : [];
    });
})();
