^XA
^FX 50 x 25 mm at 203 dpi. {serial}, {mac}, {chip}, {recipe}, {revision}, {batch}, {date} and {qr} are filled in.^FS
^PW400
^LL200
^CI28
^FO16,20^BQN,2,4^FDQA,{qr}^FS
^FO170,28^A0N,34,30^FD{serial}^FS
^FO170,76^A0N,24,22^FD{mac}^FS
^FO170,108^A0N,22,20^FD{recipe} r{revision}^FS
^FO170,138^A0N,22,20^FD{date}^FS
^XZ
