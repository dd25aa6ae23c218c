<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
 <context>
  <name>core</name>
 </context>
 <context>
  <name>gui</name>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n day(s)</source>
   <translation>
    <numerusform>%n day</numerusform>
    <numerusform>%n days</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n day(s) ago</source>
   <translation>
    <numerusform>%n day ago</numerusform>
    <numerusform>%n days ago</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n hour(s)</source>
   <translation>
    <numerusform>%n hour</numerusform>
    <numerusform>%n hours</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n minute(s)</source>
   <translation>
    <numerusform>%n minute</numerusform>
    <numerusform>%n minutes</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n row(s)</source>
   <translation>
    <numerusform>%n row</numerusform>
    <numerusform>%n rows</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n second(s)</source>
   <translation>
    <numerusform>%n second</numerusform>
    <numerusform>%n seconds</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n sequence(s)</source>
   <translation>
    <numerusform>%n sequence</numerusform>
    <numerusform>%n sequences</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n step(s)</source>
   <translation>
    <numerusform>%n step</numerusform>
    <numerusform>%n steps</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>%n thing(s) stand in the way.</source>
   <translation>
    <numerusform>%n thing stands in the way.</numerusform>
    <numerusform>%n things stand in the way.</numerusform>
   </translation>
  </message>
 </context>
</TS>
