^XA
^FX 50 x 25 mm at 203 dpi. {provisioning} is the code that a phone scans to take the device into a network, {proof} the same to be typed.^FS
^FX Both are secret: the label is printed once, and again only out of escrow.^FS
^PW400
^LL200
^CI28
^FO10,22^BQN,2,3^FDMA,{provisioning}^FS
^FO150,30^A0N,32,28^FD{serial}^FS
^FO150,72^A0N,24,22^FD{mac}^FS
^FO150,106^A0N,20,18^FD{proof}^FS
^FO150,136^A0N,20,18^FD{recipe} r{revision}^FS
^FO150,164^A0N,20,18^FD{date}^FS
^XZ
