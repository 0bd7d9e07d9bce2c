do -- fence variant=up generation=0 site=customer-03 (generated, do not edit)
end
